using Spendra.Core.Money;
using Spendra.Sandbox;

namespace Spendra.Proof.Worlds;

/// <summary>The company that is governed in a proof, and what its calls must cost by hand.</summary>
internal static class Company
{
    public const string Model = "gpt-4.1-mini";
    public const string EmbeddingModel = "text-embedding-3-small";
    public const string Prompt = "Say hello.";
    public const int OutputTokens = 16;
    public const string CarlsBudget = "carl-total";

    /// <summary>Spends freely under a cap that is never reached.</summary>
    public const string Ada = "ada";
    /// <summary>Comes to the end of a cap in the course of a campaign.</summary>
    public const string Carl = "carl";
    /// <summary>May spend less than any call costs.</summary>
    public const string Bob = "bob";
    /// <summary>Her cap is cut and raised, her keys are revoked and issued, all the time (<see cref="Administrator"/>).</summary>
    public const string Dora = "dora";

    // OpenAI's price list in nano-USD per token: 0.40 and 1.60 USD, and 0.02 USD per million.
    private const long InputNanos = 400;
    private const long OutputNanos = 1_600;
    private const long EmbeddingNanos = 20;

    public static NanoUsd CallCost(long outputTokens = OutputTokens) =>
        new(SandboxUsage.InputTokens(Prompt) * InputNanos + outputTokens * OutputNanos);

    public static NanoUsd EmbeddingCost => new(SandboxUsage.EmbeddingTokens(Prompt) * EmbeddingNanos);

    public static string Declaration(string slug, Uri provider, string dorasCap = Administrator.Raised, string carlsCap = "0.001") => $$"""
        organization: {slug: {{slug}}, name: Acme Corp, currency: USD, timeZone: UTC}
        employees:
          - {slug: ada, email: ada@acme.example}
          - {slug: bob, email: bob@acme.example}
          - {slug: carl, email: carl@acme.example}
          - {slug: dora, email: dora@acme.example}
        providerAccounts:
          - {slug: main, provider: openai, baseUrl: "{{provider}}", credential: {value: sandbox} }
        budgets:
          - {slug: all-total, scope: organization, amountUsd: "1000", period: total}
          - {slug: ada-total, scope: employee/ada, amountUsd: "500", period: total}
          - {slug: bob-total, scope: employee/bob, amountUsd: "0.000001", period: total}
          - {slug: {{CarlsBudget}}, scope: employee/carl, amountUsd: "{{carlsCap}}", period: total}
          - {slug: dora-total, scope: employee/dora, amountUsd: "{{dorasCap}}", period: total}
        policies:
          - {slug: all-cap, kind: hard_cap, scope: organization, budget: all-total}
          - {slug: ada-cap, kind: hard_cap, scope: employee/ada, budget: ada-total}
          - {slug: bob-cap, kind: hard_cap, scope: employee/bob, budget: bob-total}
          - {slug: carl-cap, kind: hard_cap, scope: employee/carl, budget: carl-total}
          - {slug: dora-cap, kind: hard_cap, scope: employee/dora, budget: dora-total}
          - {slug: no-search, kind: allowlist, scope: employee/ada, tools: [code_interpreter], onDenied: strip}
        keys:
          - {slug: ada, actor: employee/ada}
          - {slug: bob, actor: employee/bob}
          - {slug: carl, actor: employee/carl}
        """;
}
