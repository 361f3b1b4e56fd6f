using System.Text.Json.Nodes;
using Spendra.Gateway.Tests.Claude;

namespace Spendra.Gateway.Tests;

/// <summary>A stream that the provider leaves unfinished ends with an error as each format's clients parse it.</summary>
public sealed class StreamErrorTests
{
    private const string Chunk = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";
    private const string Delta = "event: response.output_text.delta\r\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hel\"}\r\n\r\n";
    private const string Start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n";
    private const string Content = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}]}}]}\n\n";

    [Theory]
    [InlineData(false, "upstream_failed")]
    [InlineData(true, "upstream_timeout")]
    public async Task Chat_gets_a_chunk_with_an_error(bool isSilent, string code)
    {
        var error = await LastEventAsync("chat/completions", Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true"), Chunk, isSilent, eventLine: "", breaks: true);

        ((string)error["error"]!["code"]!).Should().Be(code);
        ((string)error["error"]!["type"]!).Should().Be("api_error");
        ShouldName(error["error"]!["message"]!, error["error"]!["spendra"]!);
    }

    [Theory]
    [InlineData(false, "upstream_failed")]
    [InlineData(true, "upstream_timeout")]
    public async Task Responses_get_an_event_of_the_type_error(bool isSilent, string code)
    {
        var error = await LastEventAsync("responses", Bodies.Response(more: "\"max_output_tokens\":16,\"stream\":true"), Delta, isSilent, "event: error\n", breaks: true);

        ((string)error["type"]!).Should().Be("error");
        ((string)error["code"]!).Should().Be(code);
        ShouldName(error["message"]!, error["spendra"]!);
        ((string)error["error"]!["code"]!).Should().Be(code);
        ((string)error["error"]!["message"]!).Should().Be((string)error["message"]!);
    }

    [Theory]
    [InlineData(false, "upstream_failed", "api_error")]
    [InlineData(true, "upstream_timeout", "timeout_error")]
    public async Task Messages_get_an_event_with_the_name_error(bool isSilent, string code, string type)
    {
        var error = await LastEventAsync("messages", ClaudeRules.Body("", "\"stream\":true"), Start, isSilent, "event: error\n");

        ((string)error["type"]!).Should().Be("error");
        ((string)error["error"]!["type"]!).Should().Be(type);
        ((string)error["error"]!["code"]!).Should().Be(code);
        ShouldName(error["error"]!["message"]!, error["error"]!["spendra"]!);
    }

    [Theory]
    [InlineData(false, "upstream_failed", 502)]
    [InlineData(true, "upstream_timeout", 504)]
    public async Task Content_gets_a_response_that_is_an_error(bool isSilent, string code, int status)
    {
        var error = await LastEventAsync("/v1beta/models/g1:streamGenerateContent?alt=sse", GeminiBodies.Content(), Content, isSilent, eventLine: "");

        ((int)error["error"]!["code"]!).Should().Be(status);
        ((string)error["error"]!["details"]![0]!["reason"]!).Should().Be(code);
        ShouldName(error["error"]!["message"]!, error["error"]!["spendra"]!);
    }

    [Fact]
    public async Task Half_an_event_is_followed_by_none()
    {
        await using var world = await World.StartAsync(Chunk + "data: {\"id\":", isSilent: false);

        await FluentActions.Awaiting(() => world.Company.PostAsync("chat/completions", Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true")))
            .Should().ThrowAsync<HttpRequestException>();
    }

    /// <summary>The JSON of the event that follows what the provider sent.</summary>
    /// <param name="path">Where.</param>
    /// <param name="body">What is asked.</param>
    /// <param name="sent">What the provider sends.</param>
    /// <param name="isSilent">The provider says nothing more, in place of breaking off.</param>
    /// <param name="eventLine">The line before the event's data.</param>
    /// <param name="breaks">The connection breaks after it, for clients that read over errors.</param>
    private static async Task<JsonNode> LastEventAsync(string path, string body, string sent, bool isSilent, string eventLine, bool breaks = false)
    {
        await using var world = await World.StartAsync(sent, isSilent);

        using var client = world.Company.Client();

        var (answer, isWhole) = await Answer.BegunAsync(client, path, GatewayHarness.Json(body));

        (answer.Status, isWhole).Should().Be((200, !breaks));
        var start = sent + eventLine + "data: ";
        answer.Text.Should().StartWith(start).And.EndWith("}\n\n");
        (await world.Company.SettledAsync()).Events.Should().ContainSingle().Which.IsEstimated.Should().BeTrue();
        return JsonNode.Parse(answer.Text[start.Length..])!;
    }

    private static void ShouldName(JsonNode message, JsonNode details) =>
        ((string)message!).Should().EndWith($"(request {(string)details["request_id"]!})").And.Contain("Ask ");

    /// <summary>A company before a provider that begins a stream and then breaks off, or says nothing more.</summary>
    private sealed record World(GatewayHarness Gateway, RawUpstream Provider, Company Company, TaskCompletionSource IsOver) : IAsyncDisposable
    {
        public static async Task<World> StartAsync(string sent, bool isSilent)
        {
            var isOver = new TaskCompletionSource();
            var provider = RawUpstream.Start(async network =>
            {
                await network.WriteAsync(RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: text/event-stream\ntransfer-encoding: chunked", $"{sent.Length:x}\r\n{sent}\r\n"));
                if (isSilent) await isOver.Task;
            });
            var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { StreamIdleSeconds = 1 });
            var rules = GeminiBodies.Of(ClaudeRules.Of(new Rules { BaseUrl = provider.BaseUrl }, provider.BaseUrl));
            var root = provider.BaseUrl[..^"/v1".Length];
            var company = await Company.StartAsync(
                rules with { Accounts = [.. rules.Accounts.Select(a => a.Replace("{root}", root, StringComparison.Ordinal))] }, gateway: gateway);
            return new World(gateway, provider, company, isOver);
        }

        public async ValueTask DisposeAsync()
        {
            IsOver.TrySetResult();
            await Company.DisposeAsync();
            await Provider.DisposeAsync();
            await Gateway.DisposeAsync();
        }
    }
}
