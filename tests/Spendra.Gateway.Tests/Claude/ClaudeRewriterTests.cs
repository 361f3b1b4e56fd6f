using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>A rewritten body is the body and the change, and nothing else.</summary>
public sealed class ClaudeRewriterTests
{
    private static readonly Gen<string> Space = OneOf("", "", " ", "\n\t ");

    private static readonly Gen<string> Member = OneOf(
        "\"service_tier\":\"auto\"", "\"service_tier\" : null", "\"service\\u005ftier\":\"auto\"", "\"stream\":true", "\"ünï\":\"🦊\"",
        "\"tools\":[{ \"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "\"tools\":[{\"name\":\"f\"},{\"max_uses\" : null ,\"type\":\"web_fetch_20250910\"}]",
        "\"tools\":[{\"type\":\"web_search_20250305\",\"max_uses\":2}]", "\"x\":{\"max_tokens\":1,\"tools\":[{\"max_uses\":null}],\"y\":\"}\\\"{\"}",
        "\"system\":[{\"type\":\"text\",\"text\":\"max_tokens\",\"cache_control\":{\"type\":\"ephemeral\"}}]");

    private static readonly Gen<string> Body =
        from members in Member.Array[0, 6]
        from spaces in Space.Array[20]
        from at in Gen.Int[0, 7]
        select Join([.. members.DistinctBy(m => JsonNode.Parse("{" + m + "}")!.AsObject().First().Key)], spaces, at);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Join(List<string> members, string[] spaces, int at)
    {
        members.Insert(Math.Min(at, members.Count), "\"model\":\"m1\"");
        members.Insert(Math.Min(at / 2, members.Count), "\"max_tokens\" : 50");
        return spaces[0] + "{" + string.Join(",", members.Select((m, i) => spaces[i + 1] + m + spaces[i + 2])) + "}" + spaces[19];
    }

    [Fact]
    public void A_body_is_changed_in_what_is_to_change_and_nowhere_else() =>
        Gen.Select(Body, Gen.Bool, Gen.Bool, Gen.Bool).Sample((body, limits, tiers, uses) =>
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            var facts = AnthropicRequestReader.Read(bytes, AnthropicBody.Messages, null, out var fault);
            facts.Should().NotBeNull(fault?.Message);
            var changes = new RequestChanges { OutputLimit = limits ? 7 : null, ServiceTier = tiers ? "standard_only" : null, ToolUses = uses ? 5 : null };

            var rewritten = AnthropicRequestRewriter.Rewrite(bytes, facts!, changes);

            var expected = JsonNode.Parse(body)!.AsObject();
            if (limits) expected["max_tokens"] = 7;
            if (tiers) expected["service_tier"] = "standard_only";
            if (uses && expected["tools"] is JsonArray tools)
            {
                foreach (var tool in tools.Where(t => ((string?)t!["type"])?.StartsWith("web_", StringComparison.Ordinal) == true && t["max_uses"] is null)) tool!["max_uses"] = 5;
            }
            JsonNode.DeepEquals(JsonNode.Parse(rewritten.Span), expected).Should().BeTrue($"{body} became {Encoding.UTF8.GetString(rewritten.Span)}");
            Strip(Encoding.UTF8.GetString(rewritten.Span)).Should().Be(Strip(body));
            if (!limits && !tiers && !uses) rewritten.Span.SequenceEqual(bytes).Should().BeTrue();
        });

    /// <summary>Without what may be put in or changed: all other bytes are the same.</summary>
    private static string Strip(string body) => System.Text.RegularExpressions.Regex.Replace(
        body.Replace(",\"service_tier\":\"standard_only\"", "", StringComparison.Ordinal),
        "(?<=\"max_tokens\" : )\\d+|\"max_uses\":5,|(?<=\"max_uses\" : )(null|5)|(?<=\"service(_|\\\\u005f)tier\" ?: ?)(null|\"\\w+\")|,?\"service(_|\\\\u005f)tier\" ?: ?", "");
}
