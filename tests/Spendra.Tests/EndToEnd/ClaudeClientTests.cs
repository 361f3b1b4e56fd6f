using System.Text;
using System.Text.Json;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Anthropic.Models.Models;
using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>Anthropic's own clients, changed only in base URL and key. Costs are reckoned by hand.</summary>
public sealed class ClaudeClientTests
{
    private const string Model = "claude-sonnet-5-5";
    private const string Prompt = "Say hello.";
    private const string ToolPrompt = "[[sandbox tool_calls=1]]";
    private const long Limit = 32;

    private const string Declaration = """
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        employees: [{slug: ada, email: ada@acme.example}]
        providerAccounts:
          - {slug: claude, provider: anthropic, baseUrl: "{sandbox}", credential: {value: sk-ant-secret}}
        prices:
          - {provider: anthropic, model: claude-sonnet-5-5, inputUsdPerMillion: "2", cachedInputUsdPerMillion: "0.1",
             cacheWriteUsdPerMillion: "2.5", outputUsdPerMillion: "10", contextWindow: 1000000, maxOutput: 128000}
        budgets:
          - {slug: ada-total, scope: employee/ada, amountUsd: "1", period: total}
        policies:
          - {slug: ada-cap, kind: hard_cap, scope: employee/ada, budget: ada-total}
        keys:
          - {slug: ada, actor: employee/ada}
        """;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_DotNet_client_works_and_every_call_costs_what_it_must(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Declaration);
        var served = await site.ServeAsync();
        var client = new AnthropicClient(new ClientOptions
        {
            BaseUrl = served.Url.ToString(),
            ApiKey = site.Keys["ada"],
            MaxRetries = 0,
            ResponseValidation = true,
        });
        var cancel = TestContext.Current.CancellationToken;

        var plain = await client.Messages.Create(Call(Prompt), cancel);
        (TextOf(plain), plain.Usage.InputTokens, plain.Usage.OutputTokens).Should().Be((Acme.Text, 10, 16));
        (await StreamAsync(client)).Should().Be(Acme.Text);
        var tool = await client.Messages.Create(Call(ToolPrompt, new Tool { Name = "get_weather", InputSchema = new InputSchema() }), cancel);
        tool.StopReason!.Value().Should().Be(StopReason.ToolUse);
        var count = await client.Messages.CountTokens(new MessageCountTokensParams { Model = Model, Messages = [new UserMessageParam(Prompt)] }, cancel);
        count.InputTokens.Should().Be(10);
        (await client.Models.List(new ModelListParams(), cancel)).Items.Select(m => m.ID).Should().Contain(Model);
        var refusal = await ((Func<Task>)(() => client.Messages.Create(Call(Prompt) with { Model = "no-such-model" }, cancel)))
            .Should().ThrowAsync<AnthropicApiException>();
        ((int)refusal.Which.StatusCode).Should().Be(400);
        refusal.Which.Message.Should().Contain("unpriceable_request");

        await served.ShouldStopAsync();
        await ShouldHaveCostAsync(site, CostOf(Prompt).Times(2) + CostOf(ToolPrompt));
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_NodeJs_client_works_and_every_call_costs_what_it_must(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Declaration);
        var served = await site.ServeAsync();

        var seen = await RunNodeAsync(site, served);

        foreach (var way in new[] { "message", "stream" })
        {
            var usage = seen.GetProperty(way).GetProperty("usage");
            (seen.GetProperty(way).GetProperty("text").GetString(), usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64())
                .Should().Be((Acme.Text, 10, 16), way);
        }
        seen.GetProperty("message").GetProperty("stop").GetString().Should().Be("end_turn");
        seen.GetProperty("tool").GetProperty("name").GetString().Should().Be("get_weather");
        seen.GetProperty("tool").GetProperty("stop").GetString().Should().Be("tool_use");
        seen.GetProperty("tool").GetProperty("after").GetString().Should().Be("end_turn");
        seen.GetProperty("count").GetInt64().Should().Be(10);
        seen.GetProperty("models").EnumerateArray().Select(m => m.GetString()).Should().Contain(Model);
        var refusal = seen.GetProperty("refusal");
        refusal.GetProperty("status").GetInt32().Should().Be(400);
        refusal.GetProperty("type").GetString().Should().Be("invalid_request_error");
        refusal.GetProperty("code").GetString().Should().Be("unpriceable_request");
        refusal.GetProperty("retry").GetString().Should().Be("false");

        await served.ShouldStopAsync();
        // The tool's call itself has no text of its own: three messages, of which two have one.
        var followUp = Cost(SandboxUsage.InputTokens("Weather?", "", "Sunny."));
        await ShouldHaveCostAsync(site, CostOf(Prompt).Times(2) + CostOf(ToolPrompt) + followUp);
    }

    private static MessageCreateParams Call(string text, params ToolUnion[] tools) => new()
    {
        Model = Model,
        MaxTokens = Limit,
        Messages = [new UserMessageParam(text)],
        Tools = tools,
    };

    private static async Task<string> StreamAsync(AnthropicClient client)
    {
        var text = new StringBuilder();
        await foreach (var item in client.Messages.CreateStreaming(Call(Prompt), TestContext.Current.CancellationToken))
        {
            item.Validate();
            if (item.TryPickContentBlockDelta(out var block) && block.Delta.TryPickText(out var delta)) text.Append(delta.Text);
        }
        return text.ToString();
    }

    private static string TextOf(Message message) =>
        message.Content[0].TryPickText(out var block) ? block.Text : throw new InvalidOperationException("the first block is not a text");

    private static NanoUsd CostOf(string prompt) => Cost(SandboxUsage.InputTokens(prompt));

    // 2 and 10 USD per million: 2,000 and 10,000 nano-USD per token.
    private static NanoUsd Cost(long inputTokens) => new(inputTokens * 2_000 + SandboxUsage.OutputTokens(Limit) * 10_000);

    private static async Task<JsonElement> RunNodeAsync(Site site, ServedProcess served)
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "@anthropic-ai", "sdk")).Should().BeTrue(
            "the Node.js client must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var variables = new Dictionary<string, string?>
        {
            ["ANTHROPIC_BASE_URL"] = served.Url.ToString(),
            ["ANTHROPIC_API_KEY"] = site.Keys["ada"],
            ["SPENDRA_MODEL"] = Model,
        };
        return (await SpendraProcess.RunAsync("node", ["anthropic.mjs"], variables, clients)).ShouldSucceed().Json;
    }

    private static async Task ShouldHaveCostAsync(Site site, NanoUsd expected)
    {
        await site.ShouldVerifyAsync();
        var ada = await site.StandingAsync("ada-total");
        ada.Settled.Should().Be(expected);
        ada.Reserved.Should().Be(NanoUsd.Zero);
    }
}
