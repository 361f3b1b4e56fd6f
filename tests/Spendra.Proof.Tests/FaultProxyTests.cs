using System.Net;
using System.Net.Sockets;
using Spendra.Proof.Network;

namespace Spendra.Proof.Tests;

/// <summary>A proof by cuts is worth as much as the cuts: exactly so many bytes pass, and then what was asked for.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private FaultProxy _proxy = null!;

    public ValueTask InitializeAsync()
    {
        _server.Start();
        _proxy = new FaultProxy(((IPEndPoint)_server.LocalEndpoint).Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _server.Stop();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(10)]
    public async Task Closed_after_so_many_bytes(int offset)
    {
        var (near, far) = await ConnectAsync(new Cut(Direction.Answer, offset, Fault.Close));
        await far.SendAsync(new byte[10]);

        (await ReadToEndAsync(near)).Should().Be(offset);
        _proxy.HasStruck.Should().BeTrue();
        _proxy.Passed(Direction.Answer).Should().Be(offset);
    }

    [Fact]
    public async Task Reset_after_so_many_bytes()
    {
        var (near, far) = await ConnectAsync(new Cut(Direction.Request, 4, Fault.Reset));
        await near.SendAsync(new byte[10]);

        var reading = () => ReadToEndAsync(far);
        (await reading.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
        _proxy.Passed(Direction.Request).Should().Be(4);
    }

    [Fact]
    public async Task Half_closed_one_way_and_open_the_other()
    {
        var (near, far) = await ConnectAsync(new Cut(Direction.Answer, 4, Fault.HalfClose));
        await far.SendAsync(new byte[10]);
        (await ReadToEndAsync(near)).Should().Be(4);

        await near.SendAsync(new byte[3]);

        (await far.ReceiveAsync(new byte[10])).Should().Be(3);
    }

    [Fact]
    public async Task Stalled_until_somebody_gives_up()
    {
        var (near, far) = await ConnectAsync(new Cut(Direction.Answer, 4, Fault.Stall));
        await far.SendAsync(new byte[10]);
        (await near.ReceiveAsync(new byte[10])).Should().Be(4);
        await near.SendAsync(new byte[3]);
        (await far.ReceiveAsync(new byte[10])).Should().Be(3);

        near.Shutdown(SocketShutdown.Both);

        (await ReadToEndAsync(far)).Should().Be(0);
    }

    [Fact]
    public async Task Silent_on_every_connection_until_woken()
    {
        var (near, far) = await ConnectAsync(new Cut(Direction.Answer, 4, Fault.Silence));
        await far.SendAsync(new byte[10]);
        (await near.ReceiveAsync(new byte[10])).Should().Be(4);
        var (second, behind) = await ConnectAsync(new Cut(Direction.Answer, 100, Fault.Silence));
        await second.SendAsync(new byte[3]);
        var heard = behind.ReceiveAsync(new byte[10]);

        _proxy.Wake();

        // Told by the end of its connection, and by nothing before it.
        (await EndOrBytesAsync(heard)).Should().Be(0);
        var (third, served) = await ConnectAsync(cut: null);
        await third.SendAsync(new byte[7]);
        (await served.ReceiveAsync(new byte[10])).Should().Be(7);
    }

    [Fact]
    public async Task Nothing_listens_while_it_does_not()
    {
        _proxy.IsListening = false;
        using var refused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var connecting = () => refused.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);

        _proxy.IsListening = true;

        var (near, far) = await ConnectAsync(cut: null);
        await near.SendAsync(new byte[7]);
        (await far.ReceiveAsync(new byte[10])).Should().Be(7);
    }

    private async Task<(Socket Near, Socket Far)> ConnectAsync(Cut? cut)
    {
        _proxy.Arm(cut);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
        await near.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return (near, await _server.AcceptSocketAsync());
    }

    /// <summary>A reset and an end are alike here.</summary>
    private static async Task<int> EndOrBytesAsync(Task<int> heard)
    {
        try
        {
            return await heard.WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        var buffer = new byte[100];
        var total = 0;
        while (await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(10)) is var read and > 0) total += read;
        return total;
    }
}
