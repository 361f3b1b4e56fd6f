using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>A recorded stream, cut at every byte: never a crash, never free, never above the bound.</summary>
public sealed class CutStreamTests
{
    private const string Chat =
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\u00e9 \\\"usage\\\":{\"},\"finish_reason\":null}],\"usage\":null}\n\n"
        + "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
        + "data: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16,\"total_tokens\":26,\"prompt_tokens_details\":{\"cached_tokens\":0}}}\n\n"
        + "data: [DONE]\n\n";

    private const string Response =
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"error\":null,\"usage\":null}}\n\n"
        + "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"\\\"usage\\\"\"}\n\n"
        + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"status\":\"completed\",\"model\":\"m1\",\"error\":null,"
        + "\"usage\":{\"input_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":16,\"total_tokens\":26}}}\n\n";

    private const string Azure =
        "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{}}]}\n\n"
        + "data: {\"id\":\"chatcmpl-1\",\"model\":\"m1-2025-04-14\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
        + "data: {\"choices\":[{\"index\":0,\"finish_reason\":null,\"content_filter_results\":{},\"content_filter_offsets\":{\"check_offset\":44}}],\"id\":\"\",\"model\":\"\"}\n\n"
        + "data: {\"id\":\"chatcmpl-1\",\"model\":\"m1-2025-04-14\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16,\"total_tokens\":26}}\n\n"
        + "data: [DONE]\n\n";

    private const string OpenRouter =
        ": OPENROUTER PROCESSING\n\n"
        + "data: {\"id\":\"gen-1\",\"provider\":\"x\",\"model\":\"maker/m1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n"
        + "data: {\"id\":\"gen-1\",\"model\":\"maker/m1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16,\"cost\":0.000042,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":null}}}\n\n"
        + "data: [DONE]\n\n";

    public static TheoryData<string, string, string, string, string> Streams() => new()
    {
        { "chat/completions", "m1", Chat, "\"max_tokens\":16,\"stream\":true", "}}}" },
        { "responses", "m1", Response, "\"max_output_tokens\":16,\"stream\":true", "26}}}" },
        { "/openai/v1/chat/completions", Formats.Deployment, Azure, "\"max_tokens\":16,\"stream\":true", "26}}" },
        { "/v1/providers/openrouter/chat/completions", "maker/m1", OpenRouter, "\"max_tokens\":16,\"stream\":true", "null}}}" },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_cut_at_any_byte_is_paid_by_its_usage_or_at_the_bound(string path, string model, string stream, string more, string end)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        var offset = -1;
        await using var provider = RawUpstream.Start(async network =>
        {
            // The connection closes without the end of the chunked body, after exactly this many bytes of it.
            var cut = Interlocked.Increment(ref offset);
            await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: text/event-stream\ntransfer-encoding: chunked", $"{bytes.Length:x}\r\n"));
            await network.WriteAsync(bytes.AsMemory(0, cut));
        });
        var rules = Formats.Rules(ratePercent: 100, azureUrl: provider.BaseUrl, openRouterUrl: provider.BaseUrl) with { BaseUrl = provider.BaseUrl };
        await using var company = await Company.StartAsync(rules);
        using var client = company.Client();
        var body = path == "responses" ? Bodies.Response(more: more) : Bodies.Chat(more: more, model: model);

        await Parallel.ForAsync(0, bytes.Length + 1, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await Answer.ShouldBreakOffAsync(client, path, body));

        provider.Requests.Should().Be(bytes.Length + 1);
        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(bytes.Length + 1);
        books.Events.Should().OnlyContain(e => e.CostNanos == (e.IsEstimated ? e.ReservedNanos : 42_000));
        // Known from the byte that ends the JSON of the last usage on.
        var known = bytes.Length - (stream.LastIndexOf(end, StringComparison.Ordinal) + end.Length + (bytes.Length - stream.Length)) + 1;
        books.Events.Count(e => !e.IsEstimated).Should().Be(known);
    }

    [Fact]
    public async Task What_a_client_gets_of_a_stream_that_breaks_off_is_a_beginning_of_it()
    {
        var bytes = Encoding.UTF8.GetBytes(Chat);
        var hasBegun = new TaskCompletionSource();
        await using var provider = RawUpstream.Start(async network =>
        {
            await network.WriteAsync(RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: text/event-stream\ntransfer-encoding: chunked", $"{bytes.Length:x}\r\n"));
            await network.WriteAsync(bytes.AsMemory(0, bytes.Length - 200));
            await hasBegun.Task;
        });
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });
        using var client = company.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions") { Content = GatewayHarness.Json(Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true")) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var received = new MemoryStream();
        var piece = new byte[50];
        received.Write(piece, 0, await stream.ReadAsync(piece, TestContext.Current.CancellationToken));
        hasBegun.SetResult();

        await FluentActions.Awaiting(() => stream.CopyToAsync(received, TestContext.Current.CancellationToken)).Should().ThrowAsync<IOException>();

        received.Length.Should().BePositive();
        Chat.Should().StartWith(Encoding.UTF8.GetString(received.ToArray()));
        (await company.SettledAsync()).Events.Single().IsEstimated.Should().BeTrue();
    }
}
