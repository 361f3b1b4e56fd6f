using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Units;

/// <summary>A rewritten body is the body and the change, and nothing else.</summary>
public sealed class OpenAiRequestRewriterTests
{
    private static readonly Gen<string> Space = OneOf("", "", " ", "\n\t ");

    private static readonly Gen<string> Member = OneOf(
        "\"max_tokens\":17", "\"max_tokens\" : null", "\"max_completion_tokens\":5", "\"max\\u005fcompletion_tokens\":33", "\"stream\":true",
        "\"stream_options\":null", "\"stream_options\":{}", "\"stream_options\":{ }", "\"stream_options\":{\"include_usage\":false}",
        "\"stream_options\":{\"x\":{\"include_usage\":1},\"include_usage\":null}", "\"stream_options\":{\"a\":[1,{}]}",
        "\"service_tier\":\"auto\"", "\"service_tier\":null", "\"n\":2", "\"x\":{\"max_tokens\":1,\"y\":\"}\\\"{\"}", "\"ünï\":\"🦊\"", "\"messages\":[{\"content\":\"max_tokens\"}]");

    private static readonly Gen<string> Body =
        from members in Member.Array[0, 7]
        from spaces in Space.Array[20]
        from at in Gen.Int[0, 7]
        select Join([.. members.DistinctBy(m => JsonNode.Parse("{" + m + "}")!.AsObject().First().Key)], spaces, at);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Join(List<string> members, string[] spaces, int at)
    {
        members.Insert(Math.Min(at, members.Count), "\"model\":\"m1\"");
        return spaces[0] + "{" + string.Join(",", members.Select((m, i) => spaces[i + 1] + m + spaces[i + 2])) + "}" + spaces[19];
    }

    [Fact]
    public void A_chat_body_is_changed_in_what_is_to_change_and_nowhere_else() =>
        Gen.Select(Body, Gen.Bool, Gen.Bool, Gen.Bool).Sample((body, limits, includes, tiers) =>
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            var facts = OpenAiRequestReader.Read(bytes, OpenAiBody.Chat, out var fault);
            facts.Should().NotBeNull(fault?.Message);
            var changes = new RequestChanges { OutputLimit = limits ? 77 : null, IncludeUsage = includes, ServiceTier = tiers ? "default" : null };

            var rewritten = OpenAiRequestRewriter.Rewrite(bytes, facts!, OpenAiBody.Chat, changes);

            var expected = JsonNode.Parse(body)!.AsObject();
            if (limits)
            {
                var names = new[] { "max_tokens", "max_completion_tokens" }.Where(expected.ContainsKey).DefaultIfEmpty("max_completion_tokens").ToList();
                foreach (var name in names) expected[name] = 77;
            }
            if (includes)
            {
                var options = expected["stream_options"] as JsonObject ?? [];
                options["include_usage"] = true;
                expected["stream_options"] = options.DeepClone();
            }
            if (tiers) expected["service_tier"] = "default";
            var text = Encoding.UTF8.GetString(rewritten.Span);
            JsonNode.DeepEquals(JsonNode.Parse(text), expected).Should().BeTrue($"{body} became {text}");
            if (changes.IsEmpty) text.Should().Be(body);
        }, iter: 3000);

    [Fact]
    public void The_facts_of_a_body_are_what_a_whole_parser_finds() =>
        Body.Sample(body =>
        {
            var facts = OpenAiRequestReader.Read(Encoding.UTF8.GetBytes(body), OpenAiBody.Chat, out _)!;
            var json = JsonNode.Parse(body)!.AsObject();
            var limits = new[] { (long?)json["max_tokens"], (long?)json["max_completion_tokens"] };
            facts.Model.Should().Be("m1");
            facts.OutputLimit.Should().Be(limits.Max());
            facts.IsStream.Should().Be((bool?)json["stream"] ?? false);
            facts.Choices.Should().Be((int?)json["n"] ?? 1);
            facts.ServiceTier.Should().Be((string?)json["service_tier"]);
            facts.WantsUsageChunk.Should().BeFalse();
            facts.BodyBytes.Should().Be(Encoding.UTF8.GetByteCount(body));
        }, iter: 3000);

    [Fact]
    public void Any_bytes_are_read_or_refused() =>
        Gen.Select(Gen.OneOf(Gen.Byte, Gen.Char["{}[]\":,\\u0d model stream"].Select(c => (byte)c)).Array[0, 80], Gen.Enum<OpenAiBody>()).Sample((bytes, kind) =>
        {
            var facts = OpenAiRequestReader.Read(bytes, kind, out var fault);
            (facts is null).Should().Be(fault is not null);
        }, iter: 20_000);

    [Theory]
    [InlineData("""[{"type":"reasoning","id":"rs_1","summary":[]}]""", true)]
    [InlineData("""[{"type":"reasoning","id":"rs_1","encrypted_content":"AAAA"}]""", false)]
    [InlineData("""[{"type":"reasoning","id":"rs_1","encrypted_content":null}]""", true)]
    [InlineData("""[{"type":"message","id":"msg_1","role":"assistant","content":[]}]""", true)]
    [InlineData("""[{"id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"item_reference"}]}]""", false)]
    [InlineData("""[{"role":"user","content":[{"type":"input_image","image_url":"https://x"}]}]""", true)]
    [InlineData("""[{"role":"user","content":[{"type":"input_image","image\u005furl":"https://x"}]}]""", true)]
    [InlineData("""[{"role":"user","content":[{"type":"input_image","image_url":null}]}]""", false)]
    [InlineData("""[{"role":"user","content":[{"type":"input_file","file_data":"AA"}]}]""", true)]
    [InlineData("\"the words file_id and image_url\"", false)]
    public void What_the_bytes_do_not_show_is_noticed(string input, bool isUnseen)
    {
        var facts = OpenAiRequestReader.Read(Encoding.UTF8.GetBytes($$"""{"model":"m1","input":{{input}}}"""), OpenAiBody.Responses, out _)!;
        facts.HasUnseenContent.Should().Be(isUnseen);
        facts.Unpriceable.Should().BeNull();
    }
}
