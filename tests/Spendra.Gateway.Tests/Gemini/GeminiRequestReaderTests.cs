using System.Text;
using System.Text.Json.Nodes;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Gemini;

public sealed class GeminiRequestReaderTests
{
    private const string Text = "\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]";

    private static (RequestFacts? Facts, RequestFault? Fault) Read(string body, GeminiMethod method = GeminiMethod.GenerateContent, string model = "g1")
    {
        var facts = GeminiRequestReader.Read(Encoding.UTF8.GetBytes(body), method, model, out var fault);
        (facts is null).Should().Be(fault is not null);
        return (facts, fault);
    }

    private static RequestFacts Facts(string members) => Read($"{{{Text},{members}}}").Facts!;

    private static RequestFacts Parts(string parts, string model = "g1") =>
        Read($$$"""{"contents":[{"role":"user","parts":[{{{parts}}}]}]}""", model: model).Facts!;

    [Theory]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":100,\"candidateCount\":2,\"thinkingConfig\":{\"thinkingBudget\":50}}")]
    [InlineData("\"generation_config\":{\"max_output_tokens\":100,\"candidate_count\":2,\"thinking_config\":{\"thinking_budget\":50}}")]
    [InlineData("\"generationConfig\":{\"max_output_tokens\":100,\"candidateCount\":2}")]
    [InlineData("\"generation\\u0043onfig\":{\"maxOutput\\u0054okens\":100,\"candidateCount\":2}")]
    public void Both_spellings_are_read(string members)
    {
        var facts = Facts(members);

        (facts.OutputLimit, facts.Choices, facts.Model).Should().Be((100L, 2, "g1"));
    }

    [Theory]
    [InlineData("\"contents\":[]", "contents")]
    [InlineData("\"generationConfig\":{},\"generation_config\":{}", "generation_config")]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":1,\"max_output_tokens\":1}", "max_output_tokens")]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":1,\"maxOutputTokens\":2}", "maxOutputTokens")]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":\"100\"}", "generationConfig.maxOutputTokens")]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":0}", "generationConfig.maxOutputTokens")]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":1e3}", "generationConfig.maxOutputTokens")]
    [InlineData("\"generationConfig\":{\"candidateCount\":9}", "generationConfig.candidateCount")]
    [InlineData("\"generationConfig\":{\"candidateCount\":\"2\"}", "generationConfig.candidateCount")]
    [InlineData("\"generationConfig\":{\"responseModalities\":[2]}", "generationConfig.responseModalities")]
    [InlineData("\"generationConfig\":[]", "generationConfig")]
    [InlineData("\"tools\":1", "tools")]
    [InlineData("\"serviceTier\":1", "serviceTier")]
    [InlineData("\"serviceTier\":\"flex\",\"service_tier\":\"flex\"", "service_tier")]
    [InlineData("\"model\":\"models/g2\"", "model")]
    [InlineData("\"model\":1", "model")]
    [InlineData("\"systemInstruction\":{\"parts\":[{\"inlineData\":{\"data\":\"AA\",\"data\":\"BB\"}}]}", "data")]
    [InlineData("\"systemInstruction\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"mime_type\":\"text/plain\"}}]}", "mime_type")]
    public void What_makes_no_sense_is_a_fault_of_its_field(string members, string parameter) =>
        Read($"{{{Text},{members}}}").Fault!.Parameter.Should().Be(parameter);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"contents\":[]} {}")]
    [InlineData("{\"contents\":[\"\\ud800\"],\"generationConfig\":{\"responseModalities\":[\"\\ud800\"]}}")]
    public void What_is_no_request_is_refused(string body) => Read(body).Fault.Should().NotBeNull();

    [Theory]
    [InlineData("\"model\":\"models/g1\"")]
    [InlineData("\"model\":\"g1\"")]
    [InlineData("\"model\":\"projects/p/locations/l/publishers/google/models/g1\"")]
    [InlineData("\"model\":null,\"tools\":null,\"generationConfig\":null,\"serviceTier\":null,\"cachedContent\":null")]
    [InlineData("\"unknown\":{\"maxOutputTokens\":\"x\"},\"labels\":{\"a\":\"b\"},\"safetySettings\":[]")]
    public void What_is_not_governed_passes(string members)
    {
        var facts = Facts(members);

        (facts.Unpriceable, facts.HasUnseenContent, facts.OutputLimit).Should().Be((null, false, null));
    }

    [Theory]
    [InlineData("flex", "flex")]
    [InlineData("SERVICE_TIER_PRIORITY", "priority")]
    [InlineData("standard", "default")]
    [InlineData("unspecified", "default")]
    public void Tiers_are_read_in_the_words_of_the_price_book(string asked, string tier) =>
        Facts($"\"serviceTier\":\"{asked}\"").ServiceTier.Should().Be(tier);

    [Theory]
    [InlineData("[\"TEXT\"]", TokenKinds.Text, false)]
    [InlineData("[\"TEXT\",\"IMAGE\"]", TokenKinds.ImageOutput, false)]
    [InlineData("[\"AUDIO\"]", TokenKinds.AudioOutput, false)]
    [InlineData("[\"Text\",\"Image\"]", TokenKinds.ImageOutput, false)]
    [InlineData("[\"text\",\"audio\"]", TokenKinds.AudioOutput, false)]
    [InlineData("[]", TokenKinds.Text, true)]
    [InlineData("null", TokenKinds.Text, true)]
    public void Kinds_of_output_are_those_asked_for_or_left_to_the_model(string modalities, TokenKinds kinds, bool isOpen)
    {
        var facts = Facts($"\"generationConfig\":{{\"responseModalities\":{modalities}}}");

        (facts.Kinds, facts.IsOutputKindOpen, facts.Unpriceable).Should().Be((kinds, isOpen, null));
    }

    [Theory]
    [InlineData("\"cachedContent\":\"cachedContents/1\"")]
    [InlineData("\"cached_content\":\"cachedContents/1\"")]
    [InlineData("\"generationConfig\":{\"responseModalities\":[\"VIDEO\"]}")]
    [InlineData("\"generationConfig\":{\"routingConfig\":{\"autoMode\":{}}}")]
    [InlineData("\"generationConfig\":{\"model_selection_config\":{}}")]
    public void What_has_no_bound_is_said_to_have_none(string members) => Facts(members).Unpriceable.Should().NotBeNull();

    [Theory]
    [InlineData("gemini-3-flash-preview")]
    [InlineData("gemini-3.8-flash")]
    [InlineData("gemini-4-argon")]
    [InlineData("gemini-10")]
    public void An_image_counts_for_its_tokens_and_not_for_its_bytes(string model)
    {
        var data = new string('A', 100_000);

        var facts = Parts($$$"""{"text":"What is this?"},{"inlineData":{"mimeType":"image/png","data":"{{{data}}}"}},{"inline_data":{"mime_type":"image/jpeg","data":"AA"}}""", model);

        (facts.HasUnseenContent, facts.Kinds).Should().Be((false, TokenKinds.ImageInput));
        (facts.BodyBytes + facts.TokensAdded).Should().Be(facts.BodyBytes + 64 - 100_000 - 2 + 2 * 4_480);
    }

    // 3000×150 pixels are 60 tiles of 258 tokens there, and a narrower strip more.
    [Theory]
    [InlineData("gemini-2.5-flash")]
    [InlineData("gemini-2.0-flash-001")]
    [InlineData("gemini-flash-latest")]
    [InlineData("gemini-")]
    [InlineData("gemini-99999999999")]
    [InlineData("my-gemini-3")]
    [InlineData("g1")]
    public void An_image_is_unseen_where_no_budget_bounds_its_tokens(string model)
    {
        var facts = Parts("""{"inlineData":{"mimeType":"image/png","data":"AAAA"}}""", model);

        (facts.HasUnseenContent, facts.Kinds).Should().Be((true, TokenKinds.ImageInput));
    }

    [Theory]
    [InlineData("{\"inlineData\":{\"mimeType\":\"audio/wav\",\"data\":\"AA\"}}", TokenKinds.AudioInput)]
    [InlineData("{\"inlineData\":{\"mimeType\":\"video/mp4\",\"data\":\"AA\"}}", TokenKinds.AudioInput | TokenKinds.ImageInput)]
    [InlineData("{\"inlineData\":{\"mimeType\":\"application/pdf\",\"data\":\"AA\"}}", TokenKinds.ImageInput)]
    [InlineData("{\"inlineData\":{\"mimeType\":\"image/svg+xml\",\"data\":\"AA\"}}", TokenKinds.ImageInput)]
    [InlineData("{\"inlineData\":{\"data\":\"AA\"}}", TokenKinds.AudioInput | TokenKinds.ImageInput)]
    [InlineData("{\"fileData\":{\"mimeType\":\"video/mp4\",\"fileUri\":\"https://youtu.be/x\"}}", TokenKinds.AudioInput | TokenKinds.ImageInput)]
    [InlineData("{\"file_data\":{\"mime_type\":\"image/png\",\"file_uri\":\"https://example.com/x\"}}", TokenKinds.ImageInput)]
    [InlineData("{\"functionResponse\":{\"name\":\"f\",\"response\":{},\"parts\":[{\"inlineData\":{\"mimeType\":\"audio/wav\",\"data\":\"AA\"}}]}}", TokenKinds.AudioInput)]
    public void What_the_bytes_do_not_show_is_unseen(string part, TokenKinds kinds)
    {
        var facts = Parts(part);

        (facts.HasUnseenContent, facts.Kinds, facts.Unpriceable).Should().Be((true, kinds, null));
    }

    [Theory]
    [InlineData("https://generativelanguage.googleapis.com/v1beta/files/x")]
    [InlineData("https://a@GENERATIVELANGUAGE.googleapis.com./v1beta/files/x")]
    [InlineData("https://storage.googleapis.com/bucket/x")]
    [InlineData("gs://bucket/x")]
    [InlineData("files/x")]
    public void Files_that_the_provider_keeps_are_nobodys(string address) =>
        Parts($$$"""{"fileData":{"mimeType":"image/png","fileUri":"{{{address}}}"}}""").Unpriceable.Should().NotBeNull();

    [Theory]
    [InlineData("{\"inlineData\":{\"mimeType\":\"text/csv\",\"data\":\"AA\"}}")]
    [InlineData("{\"functionCall\":{\"name\":\"f\",\"args\":{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"words and words\"}}}}")]
    [InlineData("{\"functionResponse\":{\"name\":\"f\",\"response\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"words and words\"}}]}}}")]
    [InlineData("{\"text\":\"{\\\"inlineData\\\":{\\\"mimeType\\\":\\\"image/png\\\",\\\"data\\\":\\\"words\\\"}}\"}")]
    public void What_only_looks_like_data_counts_for_its_bytes(string part)
    {
        var facts = Parts(part);

        (facts.HasUnseenContent, facts.TokensAdded).Should().Be((false, 64L));
    }

    [Fact]
    public void One_content_and_one_part_need_no_lists()
    {
        var facts = Read("""{"contents":{"parts":{"inlineData":{"mimeType":"audio/wav","data":"AA"}}},"system_instruction":{"parts":{"text":"x"}}}""").Facts!;

        facts.HasUnseenContent.Should().BeTrue();
    }

    [Theory]
    [InlineData("{\"googleSearch\":{}}", "web_search", true)]
    [InlineData("{\"google_search\":{}}", "web_search", true)]
    [InlineData("{\"googleSearchRetrieval\":{\"dynamicRetrievalConfig\":{}}}", "web_search", true)]
    [InlineData("{\"googleMaps\":{}}", "maps", true)]
    [InlineData("{\"urlContext\":{}}", "url_context", true)]
    [InlineData("{\"codeExecution\":{}}", "code_execution", true)]
    [InlineData("{\"fileSearch\":{\"fileSearchStoreNames\":[]}}", "file_search", false)]
    [InlineData("{\"computerUse\":{}}", "computer_use", false)]
    [InlineData("{\"enterpriseWebSearch\":{}}", "enterpriseWebSearch", false)]
    [InlineData("{\"retrieval\":{}}", "retrieval", false)]
    public void Tools_of_the_provider_are_named_and_bounded_or_not(string tool, string name, bool isBounded)
    {
        var facts = Facts($"\"tools\":[{tool},{{\"functionDeclarations\":[{{\"name\":\"f\"}}]}}]");

        facts.Tools.Should().Equal(name);
        facts.BoundedTools.Should().Equal(isBounded ? [name] : []);
        facts.HasUnseenContent.Should().Be(isBounded);
    }

    [Fact]
    public void Searches_have_no_limit_in_the_request()
    {
        var facts = Facts("\"tools\":[{\"googleSearch\":{}},{\"google_search\":{}},{\"googleMaps\":{},\"codeExecution\":null}]");

        facts.Tools.Should().Equal("web_search", "maps");
        facts.UncountedUnits.Should().Equal(UnitClass.WebSearches, UnitClass.MapQueries);
        facts.Pieces.Should().Equal((UnitClass.GroundedPrompts, 1L), (UnitClass.GroundedMapPrompts, 1L));
    }

    [Fact]
    public void Counting_reads_a_whole_request_inside_of_one()
    {
        Read($$$"""{"generateContentRequest":{"model":"models/g1",{{{Text}}},"tools":[{"googleSearch":{}}]}}""", GeminiMethod.CountTokens).Facts!.Tools.Should().Equal("web_search");
        Read("""{"generateContentRequest":{"cachedContent":"cachedContents/1"}}""", GeminiMethod.CountTokens).Facts!.Unpriceable.Should().NotBeNull();
    }

    [Theory]
    [InlineData("{\"requests\":[{\"model\":\"models/g2\",\"content\":{}}]}", GeminiMethod.BatchEmbedContents)]
    [InlineData("{\"requests\":{}}", GeminiMethod.BatchEmbedContents)]
    [InlineData("{\"content\":{},\"content\":{}}", GeminiMethod.EmbedContent)]
    [InlineData("{\"requests\":[]}", GeminiMethod.EmbedContent)]
    internal void Embeddings_name_the_model_of_the_path_and_their_content(string body, GeminiMethod method) =>
        Read(body, method).Fault.Should().NotBeNull();

    [Fact]
    public void Only_text_is_embedded() =>
        Read("""{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]}}""", GeminiMethod.EmbedContent).Facts!.Unpriceable.Should().NotBeNull();

    [Theory]
    [InlineData("\"generationConfig\":{\"maxOutputTokens\":  500 , \"temperature\":1}")]
    [InlineData("\"generation_config\":{\"max_output_tokens\":null}")]
    [InlineData("\"generationConfig\":{\"temperature\":1}")]
    [InlineData("\"generationConfig\":{ }")]
    [InlineData("\"generationConfig\":null")]
    [InlineData("\"x\":1")]
    public void A_limit_is_imposed_and_nothing_else_changes(string members)
    {
        var body = $"{{\"é\": 1.50,{Text}, {members} }} ";
        var facts = Read(body).Facts!;

        var changed = Encoding.UTF8.GetString(GeminiRequestRewriter.Rewrite(Encoding.UTF8.GetBytes(body), facts, new RequestChanges { OutputLimit = 32 }).Span);

        var config = JsonNode.Parse(changed)!["generationConfig"] ?? JsonNode.Parse(changed)!["generation_config"];
        ((int?)(config!["maxOutputTokens"] ?? config["max_output_tokens"])).Should().Be(32);
        ((int?)config["temperature"]).Should().Be(members.Contains("temperature") ? 1 : null);
        changed.Should().StartWith($"{{\"é\": 1.50,{Text}, ").And.EndWith(" ");
        // Read again, the limit is where it belongs, once.
        Read(changed).Facts!.OutputLimit.Should().Be(32);
    }

    [Fact]
    public void Without_a_limit_to_impose_the_body_is_the_clients()
    {
        var body = Encoding.UTF8.GetBytes($"{{{Text}}}");

        GeminiRequestRewriter.Rewrite(body, Read($"{{{Text}}}").Facts!, default).Should().Be((ReadOnlyMemory<byte>)body);
    }
}
