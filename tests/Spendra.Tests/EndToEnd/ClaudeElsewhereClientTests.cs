using System.Text.Json;
using Spendra.Core.Money;

namespace Spendra.Tests.EndToEnd;

/// <summary>Anthropic's own client in front of Vertex AI and OpenRouter. Costs are reckoned by hand.</summary>
public sealed class ClaudeElsewhereClientTests
{
    [Fact]
    public async Task Anthropics_NodeJs_client_reaches_Claude_elsewhere_and_every_call_costs_what_it_must()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Declaration(site.Sandbox.Root.ToString().TrimEnd('/')));
        var served = await site.ServeAsync();

        var seen = await RunAsync(site, served);

        foreach (var provider in new[] { "vertexai", "openrouter" })
        {
            var of = seen.GetProperty(provider);
            foreach (var way in new[] { "plain", "stream" })
            {
                var usage = of.GetProperty(way).GetProperty("usage");
                (of.GetProperty(way).GetProperty("text").GetString(), usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64())
                    .Should().Be((Acme.Text, 10, 16), $"{provider} {way}");
            }
            of.GetProperty("beta").GetString().Should().Be(Acme.Text);
            var refusal = of.GetProperty("refusal");
            (refusal.GetProperty("status").GetInt32(), refusal.GetProperty("code").GetString(), refusal.GetProperty("retry").GetString())
                .Should().Be((400, "unpriceable_request", "false"));
        }
        seen.GetProperty("vertexai").GetProperty("count").GetInt64().Should().Be(10);

        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        // Haiku as listed for Vertex AI: 1,000 and 5,000 nano-USD a token. OpenRouter says what it cost: 150 and 600.
        const long vertex = 10 * 1_000 + 16 * 5_000;
        const long router = 10 * 150 + 16 * 600;
        var all = await site.StandingAsync("all");
        all.Settled.Should().Be(new NanoUsd(3 * vertex + 3 * router));
        all.Reserved.Should().Be(NanoUsd.Zero);
    }

    private static string Declaration(string root) => $$"""
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        employees: [{slug: ada}]
        providerAccounts:
          - {slug: vertex, provider: vertexai, baseUrl: "{{root}}/v1/projects/p1/locations/global", credential: {value: "sandbox"} }
          - {slug: router, provider: openrouter, baseUrl: "{{root}}/api/v1", credential: {value: "sandbox"} }
        prices:
          - {provider: openrouter, model: anthropic/claude-sonnet-5-5, inputUsdPerMillion: "2", outputUsdPerMillion: "10"}
        budgets: [{slug: all, scope: organization, amountUsd: "1", period: total}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: ada, actor: employee/ada}]
        """;

    private static async Task<JsonElement> RunAsync(Site site, ServedProcess served)
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "@anthropic-ai", "sdk")).Should().BeTrue(
            "the Node.js clients must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var variables = new Dictionary<string, string?>
        {
            ["SPENDRA_ROOT"] = served.Url.ToString().TrimEnd('/'),
            ["SPENDRA_KEY"] = site.Keys["ada"],
        };
        return (await SpendraProcess.RunAsync("node", ["anthropic-elsewhere.mjs"], variables, clients)).ShouldSucceed().Json;
    }
}
