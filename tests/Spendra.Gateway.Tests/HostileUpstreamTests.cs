using System.IO.Compression;
using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>Answers of no well-behaved provider, in front of every provider of OpenAI's formats: the money stays right.</summary>
public sealed class HostileUpstreamTests
{
    private const string Usage = "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16,\"cost\":0.000042}";
    private const string Body = "{\"id\":\"c\",\"model\":\"\",\"choices\":[{\"index\":0}]," + Usage + "}";

    public static TheoryData<string, string> Surfaces() => new()
    {
        { "chat/completions", "m1" },
        { "/openai/v1/chat/completions", Formats.Deployment },
        { "/openai/deployments/chat-prod/chat/completions", Formats.Deployment },
        { "/v1/providers/openrouter/chat/completions", "maker/m1" },
    };

    private static Task<Company> StartAsync(RawUpstream provider, GatewayHarness? gateway = null) => Company.StartAsync(
        Formats.Rules(ratePercent: 100, azureUrl: provider.BaseUrl, openRouterUrl: provider.BaseUrl) with { BaseUrl = provider.BaseUrl }, gateway: gateway);

    private static byte[] Json(string body, string more = "") => RawUpstream.Http(
        $"HTTP/1.1 200 OK\ncontent-type: application/json\nconnection: close\n{more}content-length: {Encoding.UTF8.GetByteCount(body)}", body);

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task An_answer_of_another_type_passes_and_is_booked_at_the_bound(string path, string model)
    {
        foreach (var type in new[] { "text/html", "text/plain", "application/octet-stream", "nonsense" })
        {
            await using var provider = RawUpstream.Start(() => RawUpstream.Http(
                $"HTTP/1.1 200 OK\ncontent-type: {type}\nconnection: close\ncontent-length: {Body.Length}", Body));
            await using var company = await StartAsync(provider);
            var body = Bodies.Chat(model: model);

            var answer = (await company.PostAsync(path, body)).ShouldBe(200);

            answer.Header("x-spendra-warning").Should().Be("usage_unknown");
            TroubleTests.ShouldBeEstimated(await company.SettledAsync(), body);
        }
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task Contradictions_are_booked_at_the_bound(string path, string model)
    {
        var answers = new Queue<string>(
        [
            "{\"model\":\"\"," + Usage + "," + Usage + "}",
            "{\"usage\":{\"prompt_tokens\":10,\"prompt_tokens\":11,\"completion_tokens\":16}}",
            "{\"usage\":{\"prompt_tokens\":10,\"input_tokens\":11,\"completion_tokens\":16}}",
            "{\"usage\":{\"prompt_tokens\":9999999999999,\"completion_tokens\":16}}",
            "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16,\"prompt_tokens_details\":{\"cached_tokens\":11}}}",
            "{\"usage\":{\"prompt_tokens\":1e1,\"completion_tokens\":16}}",
            "{\"usage\":[10,16]}", "{\"usage\":10}", "[]", "\"usage\"", "{", "", "\u0000",
            "{\"error\":{\"message\":\"no\"}}",
        ]);
        var count = answers.Count;
        await using var provider = RawUpstream.Start(() => Json(answers.Dequeue()));
        await using var company = await StartAsync(provider);
        var body = Bodies.Chat(model: model);

        for (var i = 0; i < count; i++) (await company.PostAsync(path, body)).ShouldBe(200);

        (await company.SettledAsync()).Events.Should().HaveCount(count).And.OnlyContain(e => e.IsEstimated && e.CostNanos == Bodies.BoundOf(body));
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task A_bomb_passes_as_it_is_and_is_not_unpacked(string path, string model)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(new byte[50 * 1024 * 1024], TestContext.Current.CancellationToken);
        await using var provider = RawUpstream.Start(async network =>
        {
            await network.WriteAsync(RawUpstream.Http(
                $"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-encoding: gzip\nconnection: close\ncontent-length: {packed.Length}"));
            await network.WriteAsync(packed.ToArray());
        });
        await using var company = await StartAsync(provider);
        var body = Bodies.Chat(model: model);

        var answer = (await company.PostAsync(path, body)).ShouldBe(200);

        answer.Bytes.Length.Should().Be((int)packed.Length);
        TroubleTests.ShouldBeEstimated(await company.SettledAsync(), body);
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task An_answer_that_drips_is_read_to_its_end(string path, string model)
    {
        var stream = Encoding.UTF8.GetBytes($"data: {{\"choices\":[{{\"index\":0}}]}}\n\ndata: {{\"choices\":[],{Usage}}}\n\ndata: [DONE]\n\n");
        await using var provider = RawUpstream.Start(async network =>
        {
            await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: text/event-stream\nconnection: close\ncontent-length: {stream.Length}"));
            foreach (var b in stream)
            {
                await network.WriteAsync(new[] { b });
                await Task.Yield();
            }
        });
        await using var company = await StartAsync(provider);

        (await company.PostAsync(path, Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true", model: model))).ShouldBe(200);

        (await company.SettledAsync()).Settled.Should().Be(42_000);
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task An_answer_that_falls_silent_is_cut_off_and_booked_at_the_bound(string path, string model)
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { StreamIdleSeconds = 1 });
        var isOver = new TaskCompletionSource();
        await using var provider = RawUpstream.Start(async network =>
        {
            await network.WriteAsync(RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: text/event-stream\nconnection: close\ncontent-length: 1000", "data: {\"choices\":[]}\n\n"));
            await isOver.Task;
        });
        await using var company = await StartAsync(provider, gateway);
        var body = Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true", model: model);

        using var client = company.Client();
        var (answer, isWhole) = await Answer.BegunAsync(client, path, GatewayHarness.Json(body));

        (answer.Status, isWhole).Should().Be((200, false));
        answer.Text.Should().StartWith("data: {\"choices\":[]}\n\ndata: {\"error\":{").And.Contain("\"upstream_timeout\"");
        TroubleTests.ShouldBeEstimated(await company.SettledAsync(), body);
        isOver.SetResult();
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task A_line_of_ten_megabytes_passes_and_the_usage_after_it_counts(string path, string model)
    {
        var line = $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{new string('x', 10 * 1024 * 1024)}\"}}}}]}}\n\n";
        var stream = line + $"data: {{\"choices\":[],{Usage}}}\n\ndata: [DONE]\n\n";
        await using var provider = RawUpstream.Start(() => RawUpstream.Http(
            $"HTTP/1.1 200 OK\ncontent-type: text/event-stream\nconnection: close\ncontent-length: {stream.Length}", stream));
        await using var company = await StartAsync(provider);

        var answer = (await company.PostAsync(path, Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true", model: model))).ShouldBe(200);

        answer.Text.Should().StartWith(line);
        (await company.SettledAsync()).Settled.Should().Be(42_000);
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task A_redirect_leads_nowhere(string path, string model)
    {
        await using var provider = RawUpstream.Start(() => RawUpstream.Http(
            "HTTP/1.1 302 Found\nlocation: http://127.0.0.1:1/elsewhere\nconnection: close\ncontent-length: 0"));
        await using var company = await StartAsync(provider);

        (await company.PostAsync(path, Bodies.Chat(model: model))).ShouldBe(502, "upstream_redirect");

        provider.Requests.Should().Be(1);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task A_connection_that_is_cut_is_booked_at_the_bound(string path, string model)
    {
        await using var provider = RawUpstream.Start(() => []);
        await using var company = await StartAsync(provider);
        var body = Bodies.Chat(model: model);

        (await company.PostAsync(path, body)).ShouldBe(502, "upstream_failed");

        TroubleTests.ShouldBeEstimated(await company.SettledAsync(), body);
    }
}
