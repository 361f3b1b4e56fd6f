using System.Text.Json;
using Spendra.Sandbox;

namespace Spendra.Tests.EndToEnd;

/// <summary>
/// A company with an account at every provider, and for each client an employee with a key and a cap of her own: one call
/// that fits, one that does not, and some that the provider breaks off.
/// </summary>
internal static class Troubled
{
    public const string Deployment = "prod";

    /// <summary>Calls of at most 32 tokens fit by far, one of <see cref="TooMuch"/> never does.</summary>
    public const string CapUsd = "0.01";
    public const int Limit = 32;
    public const int TooMuch = 20_000;

    /// <summary>"Say hello." by the sandbox's rule: three tokens of text, four for the message, three for the request.</summary>
    public const int InputTokens = 10;
    public const int OutputTokens = 16;

    // 1 and 2 USD per million.
    private const long Cost = 10 * 1_000 + 16 * 2_000;

    // OpenRouter says what it cost: 0.15 and 0.60 USD per million.
    private const long RouterCost = 10 * 150 + 16 * 600;

    private const string Rates = "inputUsdPerMillion: \"1\", cachedInputUsdPerMillion: \"0.1\", cacheWriteUsdPerMillion: \"1.25\", outputUsdPerMillion: \"2\", contextWindow: 100000, maxOutput: 60000";

    private static readonly (string Provider, string Model)[] Sold =
    [
        ("openai", "m1"), ("openrouter", "maker/m1"), ("azure", "m1"), ("anthropic", "m1"), ("vertexai", "anthropic/claude-m1"),
        ("google", "m1"), ("vertexai", "google/m1"),
    ];

    /// <summary>
    /// How a provider ends a stream too early: knobs of the sandbox, by the name of the case. The connection breaks between
    /// two events or inside of one, when what came before has long passed; or the provider tells an error.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Breaks { get; } = new Dictionary<string, string>
    {
        ["between"] = "break_after=6",
        ["inside"] = "break_after_bytes=2500 tokens=32 chunk_ms=10",
        ["told"] = "error_midstream=true",
    };

    public static SandboxOptions Provider { get; } = new()
    {
        Deployments = new Dictionary<string, string> { [Deployment] = "m1" },
    };

    public static string Declaration(Site site, IEnumerable<string> clients)
    {
        var root = site.Sandbox.Root.ToString().TrimEnd('/');
        var prices = string.Join('\n', Sold.Select(s => $"- {{provider: {s.Provider}, model: {s.Model}, {Rates}}}"));
        var (employees, budgets, policies, keys) = (
            Each(c => $"- {{slug: {c}}}"),
            Each(c => $"- {{slug: {c}-total, scope: employee/{c}, amountUsd: \"{CapUsd}\", period: total}}"),
            Each(c => $"- {{slug: {c}-cap, kind: hard_cap, scope: employee/{c}, budget: {c}-total}}"),
            Each(c => $"- {{slug: {c}, actor: employee/{c}}}"));
        return $$"""
            organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
            providerAccounts:
              - {slug: main, provider: openai, baseUrl: "{{root}}/v1", credential: {value: sandbox} }
              - {slug: router, provider: openrouter, baseUrl: "{{root}}/api/v1", credential: {value: sandbox} }
              - {slug: azure, provider: azure, baseUrl: "{{root}}/openai", credential: {value: sandbox}, deployments: { {{Deployment}}: m1 } }
              - {slug: claude, provider: anthropic, baseUrl: "{{root}}/v1", credential: {value: sandbox} }
              - {slug: gemini, provider: google, baseUrl: "{{root}}/v1beta", credential: {value: sandbox} }
              - {slug: vertex, provider: vertexai, baseUrl: "{{root}}/v1/projects/p1/locations/global", credential: {value: sandbox} }
            prices:
            {{prices}}
            employees:
            {{employees}}
            budgets:
            {{budgets}}
            policies:
            {{policies}}
            keys:
            {{keys}}
            """;

        string Each(Func<string, string> line) => string.Join('\n', clients.Select(line));
    }

    /// <summary>What the books must say of one client that did each thing once.</summary>
    public static void ShouldBeBooked(KeyBooks books, string client)
    {
        books.Refusals.Should().HaveCount(2, $"{client} was refused twice, one call and one stream, and tried neither again");
        books.Refusals.Should().OnlyContain(r => r.Code == "budget_exceeded");
        books.Events.Should().HaveCount(1 + Breaks.Count, $"{client} tried nothing again");
        var plain = books.Events[0];
        (plain.InputUnits, plain.OutputUnits, plain.CostNanos, plain.IsEstimated)
            .Should().Be((InputTokens, OutputTokens, client.StartsWith("openrouter", StringComparison.Ordinal) ? RouterCost : Cost, false), client);
        foreach (var broken in books.Events.Skip(1))
            (broken.IsEstimated, broken.CostNanos).Should().Be((true, broken.ReservedNanos), $"{client}: nobody knows what was used, so that the bound is booked");
        books.Events.Skip(1).Should().OnlyContain(e => e.ReservedNanos > Limit * 2_000);
    }

    /// <summary>What a person reads of a refusal.</summary>
    public static string MessageOf(KeyBooks.Refused refusal) => $"{refusal.Message} (request {refusal.RequestId})";

    public static Dictionary<string, string?> Variables(Site site, ServedProcess served) => new()
    {
        ["SPENDRA_ROOT"] = served.Url.ToString().TrimEnd('/'),
        ["SPENDRA_KEYS"] = JsonSerializer.Serialize(site.Keys),
        ["SPENDRA_BREAKS"] = JsonSerializer.Serialize(Breaks),
    };
}
