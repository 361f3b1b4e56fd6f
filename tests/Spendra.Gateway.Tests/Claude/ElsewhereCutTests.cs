using System.Text;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Streams of Anthropic's models elsewhere, cut at every byte: never a crash, never free, never above the bound.</summary>
public sealed class ElsewhereCutTests
{
    private const string Totals = "\"input_tokens\":10,\"output_tokens\":16";
    private const string Bill = ",\"cost\":0.00004321,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":null}";

    public static TheoryData<string, string, string, long> Streams() => new()
    {
        { Elsewhere.VertexMessages, ClaudeRules.Body(more: "\"stream\":true"), Totals, 42_000 },
        { Elsewhere.VertexPlace + "/claude-a:streamRawPredict", Elsewhere.Raw(more: "\"stream\":true"), Totals, 42_000 },
        { Elsewhere.RouterMessages, ClaudeRules.Body(more: "\"stream\":true", model: Elsewhere.RouterModel), Totals + Bill, 43_210 },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_cut_at_any_byte_is_paid_by_its_last_totals_or_at_the_bound(string path, string body, string totals, long nanos)
    {
        // The bill that a stream begins with is not the one that it ends with.
        var text = ClaudeAnswers.Start("\"input_tokens\":10,\"output_tokens\":1,\"cost\":0.0000001") + ClaudeAnswers.Delta(totals) + ClaudeAnswers.Event("message_stop", "");
        var bytes = Encoding.UTF8.GetBytes(text);
        var offset = -1;
        await using var provider = RawUpstream.Start(async network =>
        {
            var cut = Interlocked.Increment(ref offset);
            await network.WriteAsync(RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: text/event-stream\ntransfer-encoding: chunked", $"{bytes.Length:x}\r\n"));
            await network.WriteAsync(bytes.AsMemory(0, cut));
        });
        await using var company = await Company.StartAsync(Elsewhere.Of(new Rules
        {
            Cap = "1000",
            Accounts =
            [
                $"{{slug: v, provider: vertexai, baseUrl: \"{provider.BaseUrl}/projects/p1/locations/l1\", credential: {{value: x}}}}",
                $"{{slug: r, provider: openrouter, baseUrl: \"{provider.BaseUrl}\", credential: {{value: x}}}}",
            ],
        }));
        using var client = company.Client();

        await Parallel.ForAsync(0, bytes.Length + 1, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await Answer.ShouldBreakOffAsync(client, path, body));

        provider.Requests.Should().Be(bytes.Length + 1);
        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(bytes.Length + 1);
        books.Events.Should().OnlyContain(e => e.CostNanos == (e.IsEstimated ? e.ReservedNanos : nanos));
        // Known from the byte on that ends the JSON of the last totals.
        var end = text.IndexOf(totals, text.IndexOf("message_delta", StringComparison.Ordinal), StringComparison.Ordinal) + totals.Length + "}}".Length;
        books.Events.Count(e => !e.IsEstimated).Should().Be(text.Length - end + 1);
    }
}
