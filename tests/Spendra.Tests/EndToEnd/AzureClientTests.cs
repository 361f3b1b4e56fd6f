using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Sandbox;

namespace Spendra.Tests.EndToEnd;

/// <summary>OpenAI's client for Azure, changed only in endpoint and key, at both of Azure's APIs. Costs are reckoned by hand.</summary>
public sealed class AzureClientTests
{
    private const string Deployment = "chat-prod";
    private const string EmbeddingDeployment = "emb-prod";
    private const string Input = "A sentence.";

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
            var text = of.GetProperty("chat").GetProperty("text").GetString();
            text.Should().NotBeEmpty();
            of.GetProperty("chat").GetProperty("model").GetString().Should().Be("gpt-4.1-mini-2025-04-14");
            of.GetProperty("stream").GetProperty("text").GetString().Should().Be(text);
            of.GetProperty("stream").GetProperty("usage").GetProperty("completion_tokens").GetInt64().Should().Be(SandboxUsage.OutputTokens(32));
            of.GetProperty("response").GetProperty("isSame").GetBoolean().Should().BeTrue();
            of.GetProperty("embedding").GetProperty("dimensions").GetInt32().Should().BePositive();
            of.GetProperty("models").EnumerateArray().Select(m => m.GetString()).Should().Equal(Deployment, EmbeddingDeployment);
            var refusal = of.GetProperty("refusal");
            refusal.GetProperty("status").GetInt32().Should().Be(400);
            refusal.GetProperty("code").GetString().Should().Be("unpriceable_request");
            refusal.GetProperty("retry").GetString().Should().Be("false");
        }
        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        // A regional host: 110 per cent of 400 and 1,600 nano-USD a token, and of 20 for an embedding.
        var call = new NanoUsd(SandboxUsage.InputTokens(Acme.Prompt) * 440 + SandboxUsage.OutputTokens(32) * 1_760);
        var embedding = new NanoUsd(SandboxUsage.EmbeddingTokens(Input) * 22);
        var all = await site.StandingAsync("all");
        all.Settled.Should().Be(call.Times(6) + embedding.Times(2));
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
