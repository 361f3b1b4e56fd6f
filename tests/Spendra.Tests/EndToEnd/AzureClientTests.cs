using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Sandbox;

namespace Spendra.Tests.EndToEnd;

/// <summary>OpenAI's client for Azure, changed only in endpoint and key, at both of Azure's APIs. Costs are reckoned by hand.</summary>
public sealed class AzureClientTests
{
    private const string Deployment = "chat-prod";
    private const string EmbeddingDeployment = "emb-prod";

    [Fact]
    public async Task OpenAIs_NodeJs_client_for_Azure_works_and_every_call_costs_what_it_must()
    {
        await using var site = await Site.CreateAsync(sandbox: new SandboxOptions
        {
            Deployments = new Dictionary<string, string> { [Deployment] = "gpt-4.1-mini-2025-04-14", [EmbeddingDeployment] = "text-embedding-3-small" },
        });
        await site.ApplyAsync(Declaration(site.Sandbox.Root.ToString().TrimEnd('/')));
        var served = await site.ServeAsync();

        var seen = await RunAsync(site, served);

        foreach (var api in new[] { "older", "current" })
        {
            var of = seen.GetProperty(api);
            foreach (var way in new[] { "chat", "stream" })
            {
                var usage = of.GetProperty(way).GetProperty("usage");
                (of.GetProperty(way).GetProperty("text").GetString(), usage.GetProperty("prompt_tokens").GetInt64(), usage.GetProperty("completion_tokens").GetInt64())
                    .Should().Be((Acme.Text, 10, 16), way);
            }
            of.GetProperty("chat").GetProperty("model").GetString().Should().Be("gpt-4.1-mini-2025-04-14");
            of.GetProperty("response").GetProperty("text").GetString().Should().Be(Acme.Text);
            of.GetProperty("response").GetProperty("isSame").GetBoolean().Should().BeTrue();
            of.GetProperty("embedding").GetProperty("dimensions").GetInt32().Should().Be(Acme.EmbeddingDimensions);
            of.GetProperty("models").EnumerateArray().Select(m => m.GetString()).Should().Equal(Deployment, EmbeddingDeployment);
            var refusal = of.GetProperty("refusal");
            refusal.GetProperty("status").GetInt32().Should().Be(400);
            refusal.GetProperty("code").GetString().Should().Be("unpriceable_request");
            refusal.GetProperty("retry").GetString().Should().Be("false");
        }
        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        // A regional host: 110 per cent of 400 and 1,600 nano-USD a token, and of 20 for an embedding.
        const long call = 10 * 440 + 16 * 1_760;
        const long embedding = 3 * 22;
        var all = await site.StandingAsync("all");
        all.Settled.Should().Be(new NanoUsd(6 * call + 2 * embedding));
        all.Reserved.Should().Be(NanoUsd.Zero);
    }

    private static string Declaration(string root) => $$"""
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        employees: [{slug: ada}]
        providerAccounts:
          - {slug: azure, provider: azure, baseUrl: "{{root}}/openai", credential: {value: "sandbox"}, ratePercent: 110,
             deployments: { {{Deployment}}: gpt-4.1-mini, {{EmbeddingDeployment}}: text-embedding-3-small } }
        prices:
          - {provider: azure, model: text-embedding-3-small, inputUsdPerMillion: "0.02", outputUsdPerMillion: "0"}
        budgets: [{slug: all, scope: organization, amountUsd: "1", period: total}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: ada, actor: employee/ada}]
        """;

    private static async Task<JsonElement> RunAsync(Site site, ServedProcess served)
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "openai")).Should().BeTrue(
            "the Node.js clients must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var variables = new Dictionary<string, string?>
        {
            ["AZURE_OPENAI_ENDPOINT"] = served.Url.ToString().TrimEnd('/'),
            ["AZURE_OPENAI_API_KEY"] = site.Keys["ada"],
            ["OPENAI_API_VERSION"] = "2025-03-01-preview",
            ["SPENDRA_DEPLOYMENT"] = Deployment,
            ["SPENDRA_EMBEDDING_DEPLOYMENT"] = EmbeddingDeployment,
        };
        return (await SpendraProcess.RunAsync("node", ["azure-openai.mjs"], variables, clients)).ShouldSucceed().Json;
    }
}
