using System.Net;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

public sealed class ChatTests
{
    private const string Acme = """
        organization: {slug: acme, name: Acme}
        employees: [{slug: e1}]
        providerAccounts: [{slug: main, provider: openai, baseUrl: "{sandbox}", credential: {value: sk-upstream}}]
        prices: [{provider: openai, model: m1, inputUsdPerMillion: "1", outputUsdPerMillion: "2"}]
        budgets: [{slug: all, scope: organization, amountUsd: "10", period: month}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: k1, actor: employee/e1, models: [m1]}]
        """;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_governed_chat_call_reaches_the_provider_and_tells_its_cost(DatabaseEngine engine)
    {
        await using var gateway = await GatewayHarness.StartAsync(engine);
        await gateway.ApplyAsync(Acme);
        using var client = gateway.Client("k1");

        for (var i = 0; i < 5; i++)
        {
            using var response = await client.PostAsync("chat/completions", GatewayHarness.Json(
                """{"model":"m1","max_tokens":16,"messages":[{"role":"user","content":"Hello there"}]}"""), TestContext.Current.CancellationToken);

            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            response.StatusCode.Should().Be(HttpStatusCode.OK, body);
            response.Headers.GetValues("x-spendra-cost-usd").Should().ContainSingle();
        }
    }
}
