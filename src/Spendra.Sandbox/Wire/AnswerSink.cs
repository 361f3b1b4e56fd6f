using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Wire;

/// <summary>Sends a body in chunks, each flushed, with the pauses, breaks and compression that the knobs ask for.</summary>
internal sealed class AnswerSink : IAsyncDisposable
{
    private readonly HttpResponse _response;
    private readonly Knobs _knobs;
    private readonly TimeProvider _time;
    private readonly CancellationToken _clientLeft;
    private readonly GZipStream? _gzip;
    private int _sentChunks;
    private long _sentBytes;
    private bool _isBroken;

    public AnswerSink(HttpContext context, Knobs knobs, TimeProvider time)
    {
        _response = context.Response;
        _knobs = knobs;
        _time = time;
        _clientLeft = context.RequestAborted;
        if (!knobs.Gzip)
            return;
        _response.Headers.ContentEncoding = "gzip";
        _gzip = new GZipStream(_response.Body, CompressionLevel.Fastest, leaveOpen: true);
    }

    /// <exception cref="BrokenOffException">A knob ends the connection here.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> chunk)
    {
        await BreakIfDueAsync();
        if (_sentChunks > 0 && _knobs.ChunkMs > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(_knobs.ChunkMs), _time, _clientLeft);
        var room = (_knobs.BreakAfterBytes ?? long.MaxValue) - _sentBytes;
        var sent = chunk.Length <= room ? chunk : chunk[..(int)room];
        await WriteAsync(sent);
        _sentBytes += sent.Length;
        _sentChunks++;
        await BreakIfDueAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // Closing the compressor would write the end mark that a broken body must not have.
        if (_gzip is not null && !_isBroken)
            await _gzip.DisposeAsync();
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_gzip is null)
        {
            await _response.BodyWriter.WriteAsync(bytes, _clientLeft);
            return;
        }
        await _gzip.WriteAsync(bytes, _clientLeft);
        await _gzip.FlushAsync(_clientLeft);
    }

    private async ValueTask BreakIfDueAsync()
    {
        if (_sentChunks < (_knobs.BreakAfterChunks ?? int.MaxValue) && _sentBytes < (_knobs.BreakAfterBytes ?? long.MaxValue))
            return;
        // The head must be out, or the server would turn the exception into a tidy error answer.
        await _response.BodyWriter.FlushAsync(_clientLeft);
        _isBroken = true;
        throw new BrokenOffException();
    }
}
