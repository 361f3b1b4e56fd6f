using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Spendra.Control.Tests.Api;

/// <summary>A resolver of the domain name system that knows TXT records and nothing else, over UDP on a port of its own.</summary>
internal sealed class TinyResolver : IAsyncDisposable
{
    private const int HeaderBytes = 12;
    private const byte NameError = 3;

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ConcurrentDictionary<string, string[][]> _records = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public TinyResolver() => _serving = ServeAsync();

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>When set, every answer says so: 2 is a failure of the server.</summary>
    public byte? ResponseCode { get; set; }

    /// <summary>The name that was asked for last.</summary>
    public string? Asked { get; private set; }

    /// <summary>Puts the records of a name, each with its pieces of text.</summary>
    public void Put(string name, params string[][] records) => _records[name] = records;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync(_stop.Token);
                await _socket.SendAsync(Answer(question.Buffer), question.RemoteEndPoint, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private byte[] Answer(byte[] query)
    {
        var labels = new List<string>();
        var at = HeaderBytes;
        for (; query[at] != 0; at += query[at] + 1) labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        Asked = string.Join('.', labels);
        var question = query.AsSpan(HeaderBytes, at + 5 - HeaderBytes);
        var records = ResponseCode is null ? _records.GetValueOrDefault(Asked) : null;
        using var answer = new MemoryStream();
        answer.Write(query, 0, 2);
        answer.Write([0x81, (byte)(0x80 | (ResponseCode ?? (records is null ? NameError : 0))), 0, 1, 0, (byte)(records?.Length ?? 0), 0, 0, 0, 0]);
        answer.Write(question);
        var length = new byte[2];
        foreach (var pieces in records ?? [])
        {
            // A pointer to the question's name, TXT, the internet, no time to live.
            answer.Write([0xC0, HeaderBytes, 0, 16, 0, 1, 0, 0, 0, 0]);
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)pieces.Sum(p => p.Length + 1));
            answer.Write(length);
            foreach (var piece in pieces)
            {
                answer.WriteByte((byte)piece.Length);
                answer.Write(Encoding.ASCII.GetBytes(piece));
            }
        }
        return answer.ToArray();
    }
}
