using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class ContentStreamTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Each_event_has_the_usage_so_far_and_the_last_one_the_reason()
    {
        const string knobs = "[[sandbox tokens=3 cached_tokens=2 thinking_tokens=5]]";

        var stream = await EventsAsync(knobs, ",\"generationConfig\":{\"candidateCount\":2}");

        stream.Should().StartWith("data: {").And.NotContain("event:").And.NotContain("[DONE]");
        var chunks = Provider.Events(stream);
        chunks.Should().HaveCount(3 + 1);
        chunks.Select(Candidates).Should().Equal(2, 4, 6, 6);
        var prompt = SandboxUsage.InputTokens(knobs);
        foreach (var chunk in chunks)
        {
            var usage = chunk["usageMetadata"]!;
            ((long)usage["promptTokenCount"]!).Should().Be(prompt);
            ((long)usage["cachedContentTokenCount"]!).Should().Be(2);
            ((long)usage["totalTokenCount"]!).Should().Be(prompt + Candidates(chunk) + 5);
            chunk["candidates"]!.AsArray().Should().HaveCount(2);
        }
        chunks.Select(chunk => (string?)chunk["candidates"]![1]!["finishReason"]).Should().Equal(null, null, null, "STOP");
        chunks.Select(chunk => (string)chunk["responseId"]!).Distinct().Should().ContainSingle();
        string.Concat(chunks.Select(chunk => (string)chunk["candidates"]![0]!["content"]!["parts"]![0]!["text"]!)).Split(' ').Should().HaveCount(3);
    }

    [Fact]
    public async Task Told_output_is_what_the_last_chunk_says()
    {
        var chunks = Provider.Events(await EventsAsync("[[sandbox tokens=2 output_tokens=99]]"));

        chunks.Select(Candidates).Should().Equal(1, 2, 99);
    }

    [Fact]
    public async Task Without_the_parameter_the_chunks_are_one_array()
    {
        using var answer = await _provider.PostAsync(Native.Array, Native.Content("[[sandbox tokens=3]]"));

        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        var chunks = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Provider.Token))!.AsArray();
        chunks.Select(Candidates).Should().Equal(1, 2, 3, 3);
    }

    [Fact]
    public async Task Searches_and_calls_come_with_the_last_chunk()
    {
        const string tools = ",\"tools\":[{\"googleSearch\":{}},{\"functionDeclarations\":[{\"name\":\"f\"}]}]";

        var chunks = Provider.Events(await EventsAsync("[[sandbox tokens=2 web_searches=2 tool_calls=1]]", tools));

        chunks.Select(chunk => chunk["candidates"]![0]!["groundingMetadata"]?["webSearchQueries"]?.AsArray().Count).Should().Equal(null, null, 2);
        ((string)chunks[^1]["candidates"]![0]!["content"]!["parts"]![1]!["functionCall"]!["name"]!).Should().Be("f");
    }

    [Fact]
    public async Task Error_in_the_middle_is_an_item_and_the_end()
    {
        var events = Provider.Events(await EventsAsync("[[sandbox error_midstream=true]]"));
        using var answer = await _provider.PostAsync(Native.Array, Native.Content("[[sandbox error_midstream=true]]"));
        var items = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Provider.Token))!.AsArray();

        foreach (var chunks in new[] { events, [.. items.Select(item => item!)] })
        {
            chunks.Should().HaveCount(8 + 1);
            ((int)chunks[^1]["error"]!["code"]!).Should().Be(503);
            ((string)chunks[^1]["error"]!["status"]!).Should().Be("UNAVAILABLE");
            chunks[^1].AsObject().Should().ContainSingle();
        }
    }

    [Fact]
    public async Task Usage_and_the_last_chunk_are_left_out_when_a_knob_asks()
    {
        var none = await EventsAsync("[[sandbox no_usage=true]]");
        var open = Provider.Events(await EventsAsync("[[sandbox no_done=true]]"));

        none.Should().NotContain("usageMetadata");
        open.Should().HaveCount(16).And.OnlyContain(chunk => chunk["candidates"]![0]!["finishReason"] == null);
    }

    [Theory]
    [InlineData("[[sandbox tokens=2 thinking_tokens=3]]", 0)]
    [InlineData("[[sandbox tokens=0 thinking_tokens=3]]", 0)]
    public async Task Thought_is_told_once(string knobs, int at)
    {
        var chunks = Provider.Events(await EventsAsync(knobs, ",\"generationConfig\":{\"thinkingConfig\":{\"includeThoughts\":true}}"));

        chunks.Select(chunk => chunk["candidates"]![0]!["content"]!["parts"]!.AsArray().Any(part => part!["thought"] is not null))
            .Should().Equal(Enumerable.Range(0, chunks.Count).Select(index => index == at));
    }

    [Fact]
    public async Task Refusal_of_a_stream_has_the_form_of_the_stream()
    {
        var plain = await _provider.PostJsonAsync(Native.Stream, "{}", status: 400);
        var array = await _provider.PostJsonAsync(Native.Array, "{}", status: 400);

        ((string)plain["error"]!["status"]!).Should().Be("INVALID_ARGUMENT");
        ((string)array.AsArray().Single()!["error"]!["status"]!).Should().Be("INVALID_ARGUMENT");
    }

    private Task<string> EventsAsync(string text, string more = "") => _provider.StreamAsync(Native.Stream, Native.Content(text, more));

    private static long Candidates(JsonNode? chunk) => (long)chunk!["usageMetadata"]!["candidatesTokenCount"]!;
}
