namespace Spendra.Gateway.Tests.Gemini;

/// <summary>Which tier served: the Gemini API tells it in one member of its usage, Vertex AI in another.</summary>
public sealed class ServedTierTests
{
    // 100·750 + 40·3,750
    private const long Listed = 225_000;

    [Theory]
    [InlineData("\"serviceTier\":\"flex\"", "flex", 50)]
    [InlineData("\"serviceTier\":\"priority\"", "priority", 180)]
    [InlineData("\"serviceTier\":\"standard\"", "default", 100)]
    [InlineData("\"serviceTier\":\"SERVICE_TIER_FLEX\"", "flex", 50)]
    [InlineData("\"serviceTier\":\"Priority\"", "priority", 180)]
    [InlineData("\"trafficType\":\"ON_DEMAND_FLEX\"", "flex", 50)]
    [InlineData("\"trafficType\":\"ON_DEMAND_PRIORITY\"", "priority", 180)]
    [InlineData("\"trafficType\":\"ON_DEMAND\"", "default", 100)]
    // Nothing is said: what was reserved, which is the listed rate here.
    [InlineData("\"serviceTier\":\"unspecified\"", null, 100)]
    [InlineData("\"serviceTier\":\"SERVICE_TIER_UNSPECIFIED\"", null, 100)]
    [InlineData("\"serviceTier\":\"\"", null, 100)]
    [InlineData("\"serviceTier\":7", null, 100)]
    [InlineData("\"trafficType\":\"TRAFFIC_TYPE_UNSPECIFIED\"", null, 100)]
    [InlineData("\"serviceTier\":\"unspecified\",\"trafficType\":\"ON_DEMAND_FLEX\"", "flex", 50)]
    // No price for it.
    [InlineData("\"serviceTier\":\"Scale\"", "scale", null)]
    [InlineData("\"trafficType\":\"PROVISIONED_THROUGHPUT\"", "provisioned_throughput", null)]
    public void The_tier_that_served_decides(string told, string? tier, int? percent)
    {
        foreach (var shape in Enum.GetValues<WireShape>())
        {
            var answer = GeminiExchange.Answer(shape, $"\"promptTokenCount\":100,\"candidatesTokenCount\":40,{told}");
            var reading = GeminiExchange.Read(shape == WireShape.Plain ? "google.generate" : "google.stream", shape == WireShape.Events ? "text/event-stream" : "application/json", answer);

            var settled = GeminiExchange.Settle(GeminiPrices.Flash, reading);

            reading.ServedTier.Should().Be(tier);
            settled.Cost.Value.Should().Be(percent is { } of ? Listed * of / 100 : GeminiExchange.Bound.Value);
        }
    }

    // 30·1,000 + 16·2,000 = 62,000 at the listed rate.
    [Theory]
    [InlineData("flex", "", 31_000)]
    [InlineData("flex", "service_tier=standard", 62_000)]
    [InlineData("priority", "", 111_600)]
    [InlineData("priority", "service_tier=standard", 62_000)]
    public async Task The_Gemini_API_serves_and_is_paid_for_the_tier_that_it_names(string asked, string knobs, long nanos)
    {
        foreach (var method in new[] { "generateContent", "streamGenerateContent", "streamGenerateContent?alt=sse" })
        {
            await using var company = await Company.StartAsync(GeminiBodies.Rules);

            (await company.PostAsync($"/v1beta/models/g1:{method}", GeminiBodies.Content($"input_tokens=30 tokens=16 {knobs}", more: $",\"serviceTier\":\"{asked}\""))).ShouldBe(200);

            var spent = (await company.SettledAsync()).Events.Single();
            (spent.CostNanos, spent.IsEstimated).Should().Be((nanos, false));
        }
    }

    // 30·1,000 + 16·2,000 = 62,000 at the listed rate
    [Theory]
    [InlineData("flex", "", "flex", 31_000)]
    [InlineData("PRIORITY", "", "priority", 111_600)]
    [InlineData("standard", "", "default", 62_000)]
    [InlineData("unspecified", "", null, 62_000)]
    [InlineData("", "", null, 62_000)]
    // The body's word comes first.
    [InlineData("flex", ",\"serviceTier\":\"priority\"", "priority", 111_600)]
    [InlineData("flex", ",\"serviceTier\":\"unspecified\"", "flex", 31_000)]
    // No price for it.
    [InlineData("scale", "", "scale", null)]
    [InlineData("flex, priority", "", "flex, priority", null)]
    public async Task A_header_names_the_tier_where_the_body_names_none(string header, string member, string? tier, int? nanos)
    {
        var usage = $"\"promptTokenCount\":30,\"candidatesTokenCount\":16{member}";
        const string chatUsage = "\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":16,\"total_tokens\":46}";
        await using var provider = RawUpstream.Start(async (request, network) => await network.WriteAsync(
            request.Contains("alt=sse", StringComparison.Ordinal) ? Answered("text/event-stream", header, GeminiExchange.Answer(WireShape.Events, usage, model: "g1"))
            : request.Contains(":stream", StringComparison.Ordinal) ? Answered("application/json", header, GeminiExchange.Answer(WireShape.Array, usage, model: "g1"))
            : request.Contains("/chat/", StringComparison.Ordinal) ? Answered("application/json", header, $"{{\"choices\":[{{}}],{chatUsage}}}")
            : Answered("application/json", header, GeminiExchange.Answer(WireShape.Plain, usage, model: "g1"))));
        var rules = GeminiBodies.Rules;
        await using var company = await Company.StartAsync(rules with { Accounts = [.. rules.Accounts.Select(a => a.Replace("{root}/v1beta", provider.BaseUrl, StringComparison.Ordinal))] });

        foreach (var method in new[] { "generateContent", "streamGenerateContent", "streamGenerateContent?alt=sse" })
            (await company.PostAsync($"/v1beta/models/g1:{method}", GeminiBodies.Content())).ShouldBe(200).Header("x-gemini-service-tier").Should().Be(header.Length > 0 ? header : null);
        if (member.Length == 0) (await company.PostAsync("/v1/providers/google/chat/completions", Bodies.Chat(model: "g1"))).ShouldBe(200);

        var events = (await company.SettledAsync()).Events;
        events.Should().HaveCount(member.Length == 0 ? 4 : 3).And.OnlyContain(e => e.ServedTier == tier && e.CostNanos == (nanos ?? e.ReservedNanos) && e.IsEstimated == (nanos == null));
    }

    private static byte[] Answered(string type, string tier, string body) => RawUpstream.Http(
        $"HTTP/1.1 200 OK\ncontent-type: {type}{(tier.Length > 0 ? $"\nx-gemini-service-tier: {tier}" : "")}\nconnection: close\ncontent-length: {System.Text.Encoding.Latin1.GetByteCount(body)}", body);
}
