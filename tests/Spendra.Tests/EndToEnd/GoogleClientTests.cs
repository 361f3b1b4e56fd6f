using System.Text.Json;
using Spendra.Core.Money;

namespace Spendra.Tests.EndToEnd;

/// <summary>Google's own client, changed only in base URL and key. Costs are reckoned by hand.</summary>
public sealed class GoogleClientTests
{
    private const string Model = "g1";
    private const string EmbeddingModel = "g-emb";
    private const string Rates = "inputUsdPerMillion: \"0.75\", outputUsdPerMillion: \"3.75\", contextWindow: 100000, maxOutput: 1000";

    [Fact]
    public async Task Googles_NodeJs_client_works_at_both_doors_and_every_call_costs_what_it_must()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Declaration(site.Sandbox.Root.ToString().TrimEnd('/')));
        var served = await site.ServeAsync();

        var seen = await RunAsync(site, served);

        foreach (var door in new[] { "gemini", "vertex" })
        {
            var of = seen.GetProperty(door);
            foreach (var way in new[] { "plain", "stream" })
            {
                var usage = of.GetProperty(way).GetProperty("usage");
                (of.GetProperty(way).GetProperty("text").GetString(), usage.GetProperty("promptTokenCount").GetInt64(),
                    usage.GetProperty("candidatesTokenCount").GetInt64(), usage.GetProperty("totalTokenCount").GetInt64()).Should().Be((Acme.Text, 10, 16, 26), way);
            }
            of.GetProperty("count").GetInt64().Should().Be(10);
            of.GetProperty("refusal").GetProperty("status").GetInt32().Should().Be(400);
            of.GetProperty("refusal").GetProperty("message").GetString().Should().Contain("unpriceable_request");
        }
        seen.GetProperty("embedding").GetProperty("dimensions").GetInt32().Should().Be(3_072);
        seen.GetProperty("models").EnumerateArray().Select(m => m.GetString()).Should().Contain("models/" + Model);

        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        // Four calls at 750 and 3,750 nano-USD a token, and one embedding at 20.
        const long call = 10 * 750 + 16 * 3_750;
        var all = await site.StandingAsync("all");
        all.Settled.Should().Be(new NanoUsd(4 * call + 3 * 20));
        all.Reserved.Should().Be(NanoUsd.Zero);
    }

    private static string Declaration(string root) => $$"""
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        employees: [{slug: ada}]
        providerAccounts:
          - {slug: gemini, provider: google, baseUrl: "{{root}}/v1beta", credential: {value: "sandbox"} }
          - {slug: vertex, provider: vertexai, baseUrl: "{{root}}/v1/projects/p1/locations/global", credential: {value: "sandbox"} }
        prices:
          - {provider: google, model: {{Model}}, {{Rates}}}
          - {provider: google, model: {{EmbeddingModel}}, inputUsdPerMillion: "0.02", outputUsdPerMillion: "0"}
          - {provider: vertexai, model: google/{{Model}}, {{Rates}}}
        budgets: [{slug: all, scope: organization, amountUsd: "1", period: total}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: ada, actor: employee/ada}]
        """;

    private static async Task<JsonElement> RunAsync(Site site, ServedProcess served)
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "@google", "genai")).Should().BeTrue(
            "the Node.js clients must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var variables = new Dictionary<string, string?>
        {
            ["GOOGLE_GEMINI_BASE_URL"] = served.Url.ToString().TrimEnd('/'),
            ["SPENDRA_ROOT"] = served.Url.ToString().TrimEnd('/'),
            ["SPENDRA_KEY"] = site.Keys["ada"],
            ["SPENDRA_MODEL"] = Model,
            ["SPENDRA_EMBEDDING_MODEL"] = EmbeddingModel,
        };
        return (await SpendraProcess.RunAsync("node", ["google-genai.mjs"], variables, clients)).ShouldSucceed().Json;
    }
}
