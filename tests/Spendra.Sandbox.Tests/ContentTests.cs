using System.Text.Json;
using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class ContentTests : IAsyncLifetime
{
    private const string Search = ",\"tools\":[{\"googleSearch\":{}}]";
    private const string Count = "/v1beta/models/gemini-3.8-flash:countTokens";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Plain_content_has_the_wire_shape_and_the_documented_usage()
    {
        var answer = await PostAsync();

        answer.AsObject().Select(member => member.Key).Should().Equal("candidates", "usageMetadata", "modelVersion", "responseId");
        var candidate = answer["candidates"]!.AsArray().Should().ContainSingle().Subject!;
        ((string)candidate["finishReason"]!).Should().Be("STOP");
        ((int)candidate["index"]!).Should().Be(0);
        ((string)candidate["content"]!["role"]!).Should().Be("model");
        ((string)candidate["content"]!["parts"]![0]!["text"]!).Split(' ').Should().HaveCount(16);
        ((string)answer["modelVersion"]!).Should().Be("gemini-3.8-flash");
        Native.ShouldBe(answer["usageMetadata"], """
            {"promptTokenCount":9,"candidatesTokenCount":16,"totalTokenCount":25,
             "promptTokensDetails":[{"modality":"TEXT","tokenCount":9}],
             "candidatesTokensDetails":[{"modality":"TEXT","tokenCount":16}],"serviceTier":"standard"}
            """);
    }

    [Fact]
    public async Task Cache_is_inside_the_prompt_and_thoughts_and_tool_results_are_beside_it()
    {
        const string knobs = "[[sandbox input_tokens=100 cached_tokens=40 thinking_tokens=7 tool_use_prompt_tokens=11]]";

        var usage = (await PostAsync(knobs))["usageMetadata"]!;

        ((long)usage["promptTokenCount"]!).Should().Be(100);
        ((long)usage["cachedContentTokenCount"]!).Should().Be(40);
        ((long)usage["candidatesTokenCount"]!).Should().Be(16);
        ((long)usage["thoughtsTokenCount"]!).Should().Be(7);
        ((long)usage["toolUsePromptTokenCount"]!).Should().Be(11);
        ((long)usage["totalTokenCount"]!).Should().Be(100 + 16 + 7 + 11);
        Native.ShouldBe(usage["cacheTokensDetails"], """[{"modality":"TEXT","tokenCount":40}]""");
        Native.ShouldBe(usage["toolUsePromptTokensDetails"], """[{"modality":"TEXT","tokenCount":11}]""");
    }

    [Fact]
    public async Task Sums_are_split_by_modality()
    {
        var usage = (await PostAsync(
            "[[sandbox input_tokens=100 audio_tokens=30 image_tokens=20 output_tokens=50 output_image_tokens=50]]"))["usageMetadata"]!;

        Native.ShouldBe(usage["promptTokensDetails"], """
            [{"modality":"TEXT","tokenCount":50},{"modality":"AUDIO","tokenCount":30},{"modality":"IMAGE","tokenCount":20}]
            """);
        Native.ShouldBe(usage["candidatesTokensDetails"], """[{"modality":"IMAGE","tokenCount":50}]""");
    }

    [Fact]
    public async Task Text_of_all_parts_and_of_the_system_instruction_is_counted()
    {
        const string body = """
            {"systemInstruction":{"parts":[{"text":"Be brief"}]},
             "contents":[{"role":"user","parts":[{"text":"a\u00e9"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"text":"€uro"}]},
              {"role":"model","parts":[{"functionCall":{"name":"f","args":{"text":"not counted"}}}]}]}
            """;

        var answer = await _provider.PostJsonAsync(Native.Generate, body);
        var count = await _provider.PostJsonAsync(Count, $$"""{"generateContentRequest":{"model":"models/m",{{body[1..]}}}""");

        var expected = SandboxUsage.InputTokens("Be brief", "aé€uro", "");
        ((long)answer["usageMetadata"]!["promptTokenCount"]!).Should().Be(expected);
        ((long)count["totalTokens"]!).Should().Be(expected);
    }

    [Theory]
    [InlineData("generationConfig", "maxOutputTokens", "5")]
    [InlineData("generation_config", "max_output_tokens", "5")]
    [InlineData("generationConfig", "max_output_tokens", "\"5\"")]
    [InlineData("generationConfig", "maxOutputTokens", "5.0")]
    public async Task Limit_cuts_however_it_is_spelled(string config, string field, string value)
    {
        var answer = await PostAsync(more: $",\"{config}\":{{\"{field}\":{value}}}");

        ((string)answer["candidates"]![0]!["finishReason"]!).Should().Be("MAX_TOKENS");
        ((long)answer["usageMetadata"]!["candidatesTokenCount"]!).Should().Be(5);
    }

    [Theory]
    [InlineData(4, 10, "STOP", 10)]
    [InlineData(4, 17, "MAX_TOKENS", 16)]
    [InlineData(20, 1, "MAX_TOKENS", null)]
    public async Task Thoughts_take_their_part_of_the_limit(int thoughts, int words, string reason, int? candidates)
    {
        var answer = await PostAsync(
            $"[[sandbox thinking_tokens={thoughts} tokens={words}]]", ",\"generationConfig\":{\"maxOutputTokens\":20}");

        ((string)answer["candidates"]![0]!["finishReason"]!).Should().Be(reason);
        ((int?)answer["usageMetadata"]!["candidatesTokenCount"]).Should().Be(candidates, "a zero is left out");
        ((long)answer["usageMetadata"]!["thoughtsTokenCount"]!).Should().Be(thoughts);
    }

    [Fact]
    public async Task All_candidates_are_billed_and_the_prompt_once()
    {
        var answer = await PostAsync(more: ",\"generationConfig\":{\"candidateCount\":3}");

        answer["candidates"]!.AsArray().Select(candidate => (int)candidate!["index"]!).Should().Equal(0, 1, 2);
        ((long)answer["usageMetadata"]!["candidatesTokenCount"]!).Should().Be(48);
        ((long)answer["usageMetadata"]!["promptTokenCount"]!).Should().Be(9);
    }

    [Theory]
    [InlineData(Search, "web_searches=3", 3)]
    [InlineData(",\"tools\":[{\"google_search\":{}}]", "web_searches=3", 3)]
    [InlineData(Search, "web_searches=0", 0)]
    [InlineData("", "web_searches=3", 0)]
    [InlineData("", "web_searches=3 ignore_limit=true", 3)]
    public async Task Searches_are_only_seen_in_the_grounding(string tools, string knobs, int searches)
    {
        var answer = await PostAsync($"[[sandbox {knobs}]]", tools);

        var queries = answer["candidates"]![0]!["groundingMetadata"]?["webSearchQueries"]?.AsArray();
        (queries?.Count ?? 0).Should().Be(searches);
    }

    [Fact]
    public async Task Function_that_is_declared_is_called_when_the_knob_asks()
    {
        const string tools = ",\"tools\":[{\"functionDeclarations\":[{\"name\":\"get_weather\"}]}]";

        var with = await PostAsync("[[sandbox tool_calls=2]]", tools);
        var without = await PostAsync("[[sandbox tool_calls=2]]");

        with["candidates"]![0]!["content"]!["parts"]!.AsArray().Select(part => (string?)part!["functionCall"]?["name"])
            .Should().Equal(null, "get_weather", "get_weather");
        without["candidates"]![0]!["content"]!["parts"]!.AsArray().Should().ContainSingle();
    }

    [Fact]
    public async Task Thoughts_are_summarized_only_for_who_asks()
    {
        const string config = ",\"generationConfig\":{\"thinkingConfig\":{\"includeThoughts\":true}}";

        var with = await PostAsync("[[sandbox thinking_tokens=3]]", config);
        var without = await PostAsync("[[sandbox thinking_tokens=3]]");

        ((bool)with["candidates"]![0]!["content"]!["parts"]![0]!["thought"]!).Should().BeTrue();
        without["candidates"]![0]!["content"]!["parts"]!.AsArray().Should().ContainSingle();
        ((long)without["usageMetadata"]!["thoughtsTokenCount"]!).Should().Be(3);
    }

    [Theory]
    [InlineData(",\"serviceTier\":\"flex\"", "", "flex", "ON_DEMAND_FLEX")]
    [InlineData(",\"serviceTier\":\"priority\"", "", "priority", "ON_DEMAND_PRIORITY")]
    [InlineData(",\"serviceTier\":\"priority\"", "service_tier=standard", "standard", "ON_DEMAND")]
    [InlineData("", "service_tier=PROVISIONED_THROUGHPUT", "provisioned_throughput", "PROVISIONED_THROUGHPUT")]
    public async Task Each_door_tells_in_its_own_member_which_tier_served(string more, string knob, string tier, string type)
    {
        var google = (await PostAsync($"[[sandbox {knob}]]", more))["usageMetadata"]!.AsObject();
        var vertex = (await _provider.PostJsonAsync(Native.Place + "/google/models/gemini-3.8-flash:generateContent", Native.Content($"[[sandbox {knob}]]", more)))["usageMetadata"]!.AsObject();

        ((string?)google["serviceTier"], (string?)google["trafficType"]).Should().Be((tier, null));
        ((string?)vertex["serviceTier"], (string?)vertex["trafficType"]).Should().Be((null, type));
    }

    [Theory]
    [InlineData("-5", "-20")]
    [InlineData("10000000000000000000000000000000000000", "40000000000000000000000000000000000000")]
    public async Task Reported_usage_may_be_absurd(string value, string total)
    {
        var usage = (await PostAsync(
            $"[[sandbox input_tokens={value} output_tokens={value} thinking_tokens={value} cached_tokens={value} tool_use_prompt_tokens={value}]]"))
            ["usageMetadata"]!;

        foreach (var name in new[] { "promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount" })
            usage[name]!.ToJsonString().Should().Be(value, name);
        usage["totalTokenCount"]!.ToJsonString().Should().Be(total);
    }

    [Fact]
    public async Task Knobs_change_reason_model_and_presence_and_form_of_usage()
    {
        var answer = await PostAsync("[[sandbox stop_reason=SAFETY model=gemini-3.7-flash no_usage=true]]");
        var strings = await PostAsync("[[sandbox usage=string]]");

        ((string)answer["candidates"]![0]!["finishReason"]!).Should().Be("SAFETY");
        ((string)answer["modelVersion"]!).Should().Be("gemini-3.7-flash");
        answer.AsObject().ContainsKey("usageMetadata").Should().BeFalse();
        strings["usageMetadata"]!["totalTokenCount"]!.GetValueKind().Should().Be(JsonValueKind.String);
    }

    [Fact]
    public async Task Knobs_come_from_labels_and_from_the_last_user_text()
    {
        const string labels = ",\"labels\":{\"team\":\"x\",\"sandbox\":\"tokens=3\"}";
        const string body = """
            {"contents":[{"role":"user","parts":[{"text":"[[sandbox status=500]]"}]},{"role":"model","parts":[{"text":"[[sandbox status=500]]"}]},
             {"parts":[{"text":"[[sandbox tokens=2]]"},{"text":"please"}]}]}
            """;

        ((long)(await PostAsync(more: labels))["usageMetadata"]!["candidatesTokenCount"]!).Should().Be(3);
        ((long)(await PostAsync("[[sandbox tokens=7]]", labels))["usageMetadata"]!["candidatesTokenCount"]!).Should().Be(7);
        ((long)(await _provider.PostJsonAsync(Native.Generate, body))["usageMetadata"]!["candidatesTokenCount"]!).Should().Be(2);
    }

    [Theory]
    [InlineData("", "Invalid JSON payload")]
    [InlineData("[]", "Invalid JSON payload")]
    [InlineData("{\"contents\":[{\"parts\":[{\"text\":\"\\ud800\"}]}]}", "Invalid JSON payload")]
    [InlineData("{}", "contents is not specified")]
    [InlineData("{\"contents\":[]}", "contents is not specified")]
    [InlineData("{\"contents\":[{\"parts\":[]}],\"messages\":[]}", "Unknown name \"messages\"")]
    [InlineData("{\"contents\":[{\"parts\":[]}],\"generationConfig\":{\"maxOutputTokens\":0}}", "generationConfig.maxOutputTokens")]
    [InlineData("{\"contents\":[{\"parts\":[]}],\"generationConfig\":{\"maxOutputTokens\":1.5}}", "generationConfig.maxOutputTokens")]
    [InlineData("{\"contents\":[{\"parts\":[]}],\"generationConfig\":{\"candidateCount\":9}}", "generationConfig.candidateCount")]
    [InlineData("{\"contents\":[{\"parts\":[]}],\"generationConfig\":5}", "generationConfig")]
    [InlineData("{\"contents\":[{\"parts\":[{\"text\":\"[[sandbox tokns=1]]\"}]}]}", "does not understand 'tokns=1'")]
    public async Task Body_that_makes_no_sense_is_refused_in_the_shape_of_the_provider(string body, string message)
    {
        var answer = await _provider.PostJsonAsync(Native.Generate, body, status: 400);

        ((int)answer["error"]!["code"]!).Should().Be(400);
        ((string)answer["error"]!["status"]!).Should().Be("INVALID_ARGUMENT");
        ((string)answer["error"]!["message"]!).Should().Contain(message);
    }

    private Task<JsonNode> PostAsync(string text = "Hello", string more = "") =>
        _provider.PostJsonAsync(Native.Generate, Native.Content(text, more));
}
