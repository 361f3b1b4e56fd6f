namespace Spendra.Gateway.Tests.Claude;

/// <summary>What a company declares that calls Anthropic, and bodies for the simulated provider.</summary>
internal static class ClaudeRules
{
    public const string Model = "claude-a";

    public static Rules Of(Rules rules, string baseUrl = "{provider}") => rules with
    {
        Accounts = [.. rules.Accounts, $"{{slug: claude, provider: anthropic, baseUrl: \"{baseUrl}\", credential: {{value: sk-ant-secret}}}}"],
        Prices =
        [
            .. rules.Prices,
            $"{{provider: anthropic, model: {Model}, {Rules.Rates}, contextWindow: 200000, maxOutput: 64000}}",
            $"{{provider: anthropic, model: claude-b, {Rules.Rates}, tiers: {{fast: 200, us: 110}}}}",
            $"{{provider: anthropic, model: claude-c, {Rules.Rates}, contextWindow: 200000, unitUsdPerMillion: {{cache_write_long: \"2\", web_searches: \"10000\"}}}}",
        ],
    };

    public static Rules Default => Of(new Rules());

    /// <param name="knobs">What the sandbox shall do.</param>
    /// <param name="more">More members of the body.</param>
    /// <param name="model">The model.</param>
    public static string Body(string knobs = "", string more = "", string model = Model) =>
        $$"""{"model":"{{model}}","max_tokens":16,{{(more.Length > 0 ? more + "," : "")}}"messages":[{"role":"user","content":"{{Bodies.Text(knobs)}}"}]}""";
}
