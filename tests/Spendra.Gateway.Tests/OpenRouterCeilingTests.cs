using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Spendra.Gateway.Tests.Claude;

namespace Spendra.Gateway.Tests;

/// <summary>OpenRouter's hosts differ in what they take: none is asked that takes more than the price a call was held at.</summary>
public sealed class OpenRouterCeilingTests
{
    private const string Prompt = "\"prompt\":1.0000000005";
    private const string Completion = "\"completion\":2.0000000005";

    /// <summary>What stands in the body of a call of <c>maker/m1</c>: half a nano-dollar above its rates, and no fee.</summary>
    public const string Ceiling = $"\"max_price\":{{{Prompt},{Completion},\"request\":0}}";

    private static string Sent(Company company) => Encoding.UTF8.GetString(company.Journal.Requests[^1].Body.Span);

    [Theory]
    [InlineData("", $"\"provider\":{{{Ceiling}}},")]
    [InlineData("\"provider\":null", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":\"openai\"", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":{}", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\": { \"order\":[\"dear\"],\"only\":[\"openai/fast\"]}", $"\"provider\": {{{Ceiling}, \"order\":[\"dear\"],\"only\":[\"openai/fast\"]}}")]
    [InlineData("\"provider\":{\"max_price\":null}", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":{\"max_price\":[9]}", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":{\"max_price\":{}}", $"\"provider\":{{{Ceiling}}}")]
    // Less stands, as it was written
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":0.5}}", $"\"provider\":{{\"max_price\":{{{Completion},\"request\":0,\"prompt\":0.5}}}}")]
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":\"1\",\"completion\":\"2e0\",\"request\":0}}", "\"provider\":{\"max_price\":{\"prompt\":\"1\",\"completion\":\"2e0\",\"request\":0}}")]
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":-1,\"image\":0.02}}", $"\"provider\":{{\"max_price\":{{{Completion},\"request\":0,\"prompt\":-1,\"image\":0.02}}}}")]
    // More is cut, as is what cannot be read
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":1.000000001,\"completion\":3,\"request\":0.01}}", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":\"9\",\"completion\":1e99,\"request\":\"1\"}}", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":null,\"completion\":true,\"request\":[]}}", $"\"provider\":{{{Ceiling}}}")]
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":\"much\",\"completion\":{\"usd\":1},\"request\":\"\"}}", $"\"provider\":{{{Ceiling}}}")]
    // Twice, or spelled otherwise
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":0.5,\"prompt\":9}}", $"\"provider\":{{\"max_price\":{{{Completion},\"request\":0,\"prompt\":0.5,{Prompt}}}}}")]
    [InlineData("\"provider\":{\"max_price\":{\"prompt\":9},\"max_price\":null}", $"\"provider\":{{\"max_price\":{{{Completion},\"request\":0,{Prompt}}},{Ceiling}}}")]
    [InlineData("\"provider\":{},\"provider\":null", $"\"provider\":{{{Ceiling}}},\"provider\":{{{Ceiling}}}")]
    [InlineData("\"prov\\u0069der\":{\"max\\u005fprice\":{\"pr\\u006fmpt\":9}}", $"\"prov\\u0069der\":{{\"max\\u005fprice\":{{{Completion},\"request\":0,\"pr\\u006fmpt\":1.0000000005}}}}")]
    public async Task No_host_is_asked_that_takes_more_than_was_held(string member, string expected)
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync("/v1/providers/openrouter/chat/completions", Bodies.Chat(more: "\"max_tokens\":16" + (member.Length > 0 ? "," + member : ""), model: "maker/m1"))).ShouldBe(200);

        Sent(company).Should().Be(member.Length > 0
            ? Bodies.Chat(more: "\"max_tokens\":16," + expected, model: "maker/m1")
            : "{" + expected + Bodies.Chat(model: "maker/m1")[1..]);
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("responses", "\"model\":\"maker/m1\",\"input\":\"Hello\",\"max_output_tokens\":16", "1", "2")]
    [InlineData("messages", $"\"model\":\"{Elsewhere.RouterModel}\",\"max_tokens\":16,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]", "1", "2")]
    [InlineData("embeddings", "\"model\":\"maker/emb\",\"input\":\"Hello\"", "0.02", null)]
    // The rates that the call was held at: its tier's, and those of a long prompt where it may be one.
    [InlineData("responses", "\"model\":\"maker/m-tiers\",\"input\":\"Hello\",\"service_tier\":\"priority\"", "2", "4")]
    [InlineData("responses", "\"model\":\"maker/m-tiers\",\"input\":\"Hello\",\"service_tier\":\"flex\"", "1", "2")]
    [InlineData("responses", "\"model\":\"maker/m-long\",\"input\":\"Hello\"", "1", "2")]
    [InlineData("responses", "\"model\":\"maker/m-long\",\"input\":\"LONG\"", "2", "3")]
    public async Task Every_format_has_the_rates_that_the_call_was_held_at(string path, string members, string prompt, string? completion)
    {
        var rules = Elsewhere.Default;
        // What the account pays beside the list is no host's price.
        await using var company = await Formats.StartAsync(rules with
        {
            Accounts = [.. rules.Accounts.Select(a => a.Contains("openrouter", StringComparison.Ordinal) ? a.Replace("credential:", "ratePercent: 105, credential:", StringComparison.Ordinal) : a)],
        });

        (await company.PostAsync("/v1/providers/openrouter/" + path, "{" + members.Replace("LONG", new string('x', 2_000), StringComparison.Ordinal) + "}")).ShouldBe(200);

        var sent = JsonNode.Parse(Sent(company))!["provider"]!["max_price"]!;
        decimal? Rate(string name) => (decimal?)sent[name];
        Rate("prompt").Should().Be(decimal.Parse(prompt, CultureInfo.InvariantCulture) + 0.0000000005m);
        Rate("completion").Should().Be(completion is null ? null : decimal.Parse(completion, CultureInfo.InvariantCulture) + 0.0000000005m);
        Rate("request").Should().Be(0);
        await company.SettledAsync();
    }

    /// <summary>What is held for a search may be the host's fee for the request, and no more.</summary>
    [Theory]
    [InlineData("", "0.005")]
    [InlineData("\"n\":3", "0.015")]
    public async Task A_fee_that_is_held_may_be_taken(string more, string fee)
    {
        var rules = Formats.Rules();
        await using var company = await Formats.StartAsync(rules with
        {
            Keys = ["{slug: k1, actor: employee/e1, tools: [web_search]}"],
            Prices = [.. rules.Prices, $"{{provider: openrouter, model: perplexity/sonar, {Rules.Rates}, unitUsdPerMillion: {{web_searches: \"5000\"}}}}"],
        });

        (await company.PostAsync("/v1/providers/openrouter/chat/completions", Bodies.Chat(more: more, model: "perplexity/sonar"))).ShouldBe(200);

        JsonNode.Parse(Sent(company))!["provider"]!["max_price"]!.ToJsonString().Should().Be($"{{{Prompt},{Completion},\"request\":{fee}}}");
        await company.SettledAsync();
    }
}
