using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Spendra.Sandbox.Tests;

/// <summary>The faults that every dialect shares.</summary>
public sealed class NativeFaultTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Native.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    public static TheoryData<string> Streams => [Native.Messages, Native.Stream, Native.Array];

    public static TheoryData<string> Calls => [Native.Messages, Native.Generate, Native.Stream, Native.Array];

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Break_after_lets_exactly_so_many_chunks_arrive(string path)
    {
        var whole = await WholeAsync(path, "[[sandbox break_after_bytes=100000]]");
        var arrived = Encoding.UTF8.GetString(await _provider.BrokenAsync(path, Body(path, "[[sandbox break_after=4]]")));

        Chunks(path, arrived).Should().Be(4);
        Chunks(path, whole).Should().BeGreaterThan(4);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Break_after_bytes_lets_exactly_so_many_bytes_arrive(string path)
    {
        foreach (var bytes in new[] { 0, 1, 57, 300 })
            (await _provider.BrokenAsync(path, Body(path, $"[[sandbox break_after_bytes={bytes}]]"))).Should().HaveCount(bytes);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Garbage_is_a_200_that_is_not_json(string path)
    {
        using var answer = await _provider.PostAsync(path, Body(path, "[[sandbox garbage=true]]"));

        ((int)answer.StatusCode).Should().Be(200);
        var body = await answer.Content.ReadAsStringAsync(Provider.Token);
        var isEvents = answer.Content.Headers.ContentType!.MediaType == "text/event-stream";
        isEvents.Should().Be(path is Native.Messages or Native.Stream);
        var reading = () => isEvents ? Provider.Events(body)[0] : JsonNode.Parse(body);
        reading.Should().Throw<JsonException>();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Gzip_is_used_although_nobody_asked(string path)
    {
        using var answer = await _provider.PostAsync(path, Body(path, "[[sandbox gzip=true]]"));

        answer.Content.Headers.ContentEncoding.Should().Equal("gzip");
        await using var packed = await answer.Content.ReadAsStreamAsync(Provider.Token);
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        (await reader.ReadToEndAsync(Provider.Token)).Should().Contain("Every");
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Line_bytes_pads_one_line_to_exactly_that_length(string path)
    {
        var whole = await WholeAsync(path, "[[sandbox line_bytes=100001]]");

        whole.Split('\n').Should().ContainSingle(line => line.Length == 100_001);
        Chunks(path, whole).Should().BePositive();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Redirect_points_somewhere_else(string path)
    {
        using var answer = await _provider.PostAsync(path, Body(path, "[[sandbox redirect=http://169.254.169.254/latest]]"));

        ((int)answer.StatusCode).Should().Be(307);
        answer.Headers.Location.Should().Be(new Uri("http://169.254.169.254/latest"));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Hang_ends_when_the_client_leaves(string path)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Provider.Token);
        using var content = new StringContent(Body(path, "[[sandbox hang=true]]"));
        var answer = _provider.Http.PostAsync(path, content, patience.Token);
        await _provider.Server.Journal.WaitForAsync(1, Provider.Token);

        await patience.CancelAsync();

        var waiting = async () => await answer;
        await waiting.Should().ThrowAsync<OperationCanceledException>();
        SpinWait.SpinUntil(() => _provider.Server.Journal.Abandoned == 1, TimeSpan.FromSeconds(10)).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Latency_holds_the_head_back(string path)
    {
        var time = new FakeTimeProvider();
        await using var slow = await Native.StartAsync(new SandboxOptions { Time = time });
        var answer = slow.PostAsync(path, Body(path, "[[sandbox latency_ms=5000]]"));
        await slow.Server.Journal.WaitForAsync(1, Provider.Token);
        answer.IsCompleted.Should().BeFalse();

        // The server may not have begun to wait yet, so the clock moves again until it notices.
        while (!answer.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.WhenAny(answer, Task.Delay(20, Provider.Token));
        }

        ((int)(await answer).StatusCode).Should().Be(200);
    }

    [Fact]
    public async Task Knobs_of_the_server_reach_the_lists_of_models()
    {
        await using var broken = await Native.StartAsync(new SandboxOptions { Knobs = "status=503" });

        ((string)(await broken.GetJsonAsync("models", status: 503))["error"]!["type"]!).Should().Be("api_error");
        ((string)(await broken.GetJsonAsync("/v1beta/models", status: 503))["error"]!["status"]!).Should().Be("UNAVAILABLE");
    }

    [Theory]
    [InlineData("iterations=message:1")]
    [InlineData("iterations=message:1:x")]
    [InlineData("iterations=:1:2")]
    [InlineData("iterations=message:1:2:m:3:4:5")]
    [InlineData("iterations=message:1:2,")]
    [InlineData("iterations=message:1:20000000000000000000000000000000000000")]
    [InlineData("tool_calls=101")]
    [InlineData("usage_events=0")]
    [InlineData("web_searches=many")]
    [InlineData("stop_reason=")]
    public async Task Knob_that_is_not_understood_is_refused_rather_than_ignored(string knob)
    {
        var answer = await _provider.PostJsonAsync(Native.Messages, Native.Message($"[[sandbox {knob}]]"), status: 400);
        await _provider.PostJsonAsync(Native.Generate, Native.Content($"[[sandbox {knob}]]"), status: 400);

        ((string)answer["error"]!["message"]!).Should().Contain(knob);
    }

    private static string Body(string path, string text) =>
        path == Native.Messages ? Native.Streamed(text) : Native.Content(text);

    private async Task<string> WholeAsync(string path, string text)
    {
        using var answer = await _provider.PostAsync(path, Body(path, text));
        return await answer.Content.ReadAsStringAsync(Provider.Token);
    }

    /// <summary>An array's items stand on a line each.</summary>
    private static int Chunks(string path, string body) => path == Native.Array
        ? body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line is not "]")
        : Provider.Events(body).Count;
}
