namespace Spendra.Gateway.Tests;

/// <summary>
/// What a company declares. Rates of <c>m1</c> in nano-USD per token: input 1000, cached 100, cache write 1250,
/// output 2000.
/// </summary>
public sealed record Rules
{
    public const string Rates =
        "inputUsdPerMillion: \"1\", cachedInputUsdPerMillion: \"0.1\", cacheWriteUsdPerMillion: \"1.25\", outputUsdPerMillion: \"2\"";

    public string Cap { get; init; } = "10";

    /// <summary>Models with their extra fields; all have the rates above.</summary>
    public string[] Prices { get; init; } =
    [
        $"{{provider: openai, model: m1, {Rates}}}",
        $"{{provider: openai, model: m-max, {Rates}, maxOutput: 50}}",
        $"{{provider: openai, model: m-window, {Rates}, contextWindow: 1000}}",
        $"{{provider: openai, model: m-tiers, {Rates}, tiers: {{flex: 50, priority: 200}}}}",
        "{provider: openai, model: emb, inputUsdPerMillion: \"0.02\", outputUsdPerMillion: \"0\"}",
    ];

    public string[] Policies { get; init; } = [];

    public string[] Keys { get; init; } = ["{slug: k1, actor: employee/e1}"];

    public string BaseUrl { get; init; } = "{provider}";

    public string Credential { get; init; } = "value: sk-upstream-secret";

    public bool HasAccount { get; init; } = true;

    /// <summary>Accounts beside <c>main</c>; <c>{root}</c> stands for the sandbox's address without a path.</summary>
    public string[] Accounts { get; init; } = [];

    public bool HasCap { get; init; } = true;

    private string[] AllAccounts => HasAccount
        ? [$"{{slug: main, provider: openai, baseUrl: \"{BaseUrl}\", credential: {{{Credential}}}}}", .. Accounts]
        : Accounts;

    public string ToYaml(string organization) =>
        $$"""
        organization: {slug: {{organization}}, name: {{organization}}}
        employees: [{slug: e1}, {slug: e2}]
        providerAccounts:
        {{string.Join('\n', AllAccounts.Select(a => "- " + a))}}
        prices:
        {{string.Join('\n', Prices.Select(p => "- " + p))}}
        budgets: [{slug: all, scope: organization, amountUsd: "{{Cap}}", period: month}]
        policies:
        {{string.Join('\n', (HasCap ? Policies.Prepend("{slug: cap, kind: hard_cap, scope: organization, budget: all}") : Policies).Select(p => "- " + p))}}
        keys:
        {{string.Join('\n', Keys.Select(k => "- " + k))}}
        """;
}
