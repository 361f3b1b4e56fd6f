using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Sandbox;

namespace Spendra.Tests.EndToEnd;

/// <summary>The company that is governed here, and what its calls must cost by hand.</summary>
internal static class Acme
{
    public const string Model = "gpt-4.1-mini";
    public const string EmbeddingModel = "text-embedding-3-small";
    public const int EmbeddingDimensions = 1_536;
    public const string Prompt = "Say hello.";

    /// <summary>What the sandbox answers when nothing else is asked of it: a word for each of 16 tokens.</summary>
    public const string Text = "Every budget holds because the ledger answers before the model does and says why Every budget";

    // OpenAI's price list in nano-USD per token: 0.40 and 1.60 USD, and 0.02 USD per million.
    private const long InputNanos = 400;
    private const long OutputNanos = 1_600;
    private const long EmbeddingNanos = 20;

    /// <summary>Two people with a hard cap each, for ever; their keys are called as they are.</summary>
    public static string Declaration(string adaUsd, string bobUsd = "1", string credential = "sandbox") => $$"""
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        teams:        [{slug: search, name: Search}]
        employees:
          - {slug: ada, email: ada@acme.example, team: search}
          - {slug: bob, email: bob@acme.example, team: search}
        providerAccounts:
          - {slug: main, provider: openai, baseUrl: "{sandbox}", credential: {value: "{{credential}}"} }
        budgets:
          - {slug: ada-total, scope: employee/ada, amountUsd: "{{adaUsd}}", period: total}
          - {slug: bob-total, scope: employee/bob, amountUsd: "{{bobUsd}}", period: total}
        policies:
          - {slug: ada-cap, kind: hard_cap, scope: employee/ada, budget: ada-total}
          - {slug: bob-cap, kind: hard_cap, scope: employee/bob, budget: bob-total}
        keys:
          - {slug: ada, actor: employee/ada}
          - {slug: bob, actor: employee/bob}
        """;

    /// <summary>A chat completion of at most 32 output tokens.</summary>
    /// <param name="isStreamed">Whether the answer is to be a stream of events.</param>
    /// <param name="knobs">What the sandbox shall do: <c>latency_ms=100</c>.</param>
    /// <param name="prompt">The one message.</param>
    public static string Chat(bool isStreamed = false, string knobs = "", string prompt = Prompt) => JsonSerializer.Serialize(new
    {
        model = Model,
        max_completion_tokens = 32,
        stream = isStreamed,
        metadata = new { sandbox = knobs },
        messages = new[] { new { role = "user", content = prompt } },
    });

    /// <summary>What <see cref="Chat"/> costs when nothing else is asked of the sandbox.</summary>
    public static NanoUsd ChatCost(string prompt = Prompt) =>
        CallCost(SandboxUsage.InputTokens(prompt), SandboxUsage.OutputTokens(limit: 32));

    public static NanoUsd CallCost(long inputTokens, long outputTokens) =>
        new(inputTokens * InputNanos + outputTokens * OutputNanos);

    public static NanoUsd EmbeddingCost(string input) => new(SandboxUsage.EmbeddingTokens(input) * EmbeddingNanos);
}

/// <summary>Amounts as they are printed.</summary>
internal static class Usd
{
    public static NanoUsd Read(string? text) =>
        NanoUsd.TryParse(text, out var amount) ? amount : throw new FormatException($"'{text}' is not an amount in USD");

    public static NanoUsd Times(this NanoUsd amount, long count) => new(checked(amount.Value * count));
}
