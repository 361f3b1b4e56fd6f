namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>
/// Images that OpenAI's tool makes: another model makes them, whose tokens stand beside the response's usage. Worked out by
/// hand at the rates of <see cref="ToolCall.Price"/> and <see cref="ToolCall.ImagePrice"/>; the response's own tokens are
/// always 10·1000 + 5·2000 = 20,000.
/// </summary>
public sealed class ImageToolTests
{
    private const string ImagePrice = "{provider: openai, model: gpt-image-1.5, inputUsdPerMillion: \"5\", outputUsdPerMillion: \"10\", unitUsdPerMillion: {image_output: \"32\"}}";
    private const string Usage = "\"input_tokens\":10,\"output_tokens\":5";
    private const string Anew = "{\"type\":\"image_generation\",\"model\":\"gpt-image-1.5\",\"action\":\"generate\",\"size\":\"1024x1024\",\"quality\":\"low\"}";
    private const string Any = "{\"type\":\"image_generation\",\"model\":\"gpt-image-1.5\"}";
    private const string Made = "{\"type\":\"image_generation_call\",\"id\":\"ig_1\",\"status\":\"completed\",\"result\":\"AA==\"}";

    /// <summary>The tool, and the most that one image costs by it.</summary>
    public static TheoryData<string, long> Bounds() => new()
    {
        // A prompt of 128,000 tokens at the dearest input, 5,000; 272 of output at 32,000
        { Anew, 640_000_000 + 8_704_000 },
        // Low and square is asked for, high and upright may come: 6,240. Seventeen pictures of 16,384 may come in, all at 8,000
        { Any, (128_000 + 17 * 16_384) * 8_000L + 6_240 * 32_000 },
        // Three unfinished pictures of 100
        { Anew.Replace("\"low\"", "\"medium\",\"partial_images\":3", StringComparison.Ordinal), 640_000_000 + (1_056 + 300) * 32_000 },
        // A mask is a picture to be worked on
        { Anew.Replace("\"low\"", "\"low\",\"input_image_mask\":{\"image_url\":\"data:\"}", StringComparison.Ordinal), (128_000 + 17 * 16_384) * 8_000L + 272 * 32_000 },
        // A size that no list has is held at the most output of the model
        { Anew.Replace("1024x1024", "777x777", StringComparison.Ordinal), 640_000_000 + 6_240 * 32_000 },
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void An_image_is_held_at_the_most_that_its_model_may_cost_for_every_call(string tool, long each)
    {
        var (call, refusal) = ToolCall.Bound(ToolCall.Body(tool, "\"max_tool_calls\":2,\"max_output_tokens\":100"));

        refusal.Should().BeNull();
        call.Bound.Pieces.ToString().Should().Be($"tool_charges {2 * each}");
        // Three passes over the window at the dearest rate, and the output
        call.Amount.Value.Should().Be(3 * ToolCall.Window * 1_250 + 100 * 2_000 + 2 * each);
    }

    /// <summary>Name, the tool, items of the answer, what it tells of images, nano-USD of them.</summary>
    public static TheoryData<string, string, string, string, long> Answers() => new()
    {
        { "no image", Anew, "", Told("\"input_tokens\":0,\"output_tokens\":0"), 0 },
        { "no image and no word", Anew, "", "", 0 },
        // 50·5,000 + 272·32,000
        { "an image", Anew, Made, Told("\"input_tokens\":50,\"output_tokens\":272"), 8_954_000 },
        { "two images", Anew, $"{Made},{Made}", Told("\"input_tokens\":100,\"output_tokens\":544,\"total_tokens\":644"), 17_908_000 },
        // 50·5,000 + 300·8,000 + 272·32,000
        { "an image of another", Any, Made, Told("\"input_tokens\":350,\"input_tokens_details\":{\"text_tokens\":50,\"image_tokens\":300},\"output_tokens\":272,\"output_tokens_details\":{\"image_tokens\":272,\"text_tokens\":0}"), 11_354_000 },
        // 50·1,250 + 10·2,000 + 290·8,000 + 272·32,000
        { "from a cache", Any, Made, Told("\"input_tokens\":350,\"input_tokens_details\":{\"text_tokens\":50,\"image_tokens\":300,\"cached_tokens\":60},\"output_tokens\":272"), 11_106_500 },
        // 50·5,000 + 7·10,000 + 265·32,000
        { "with words in its output", Anew, Made, Told("\"input_tokens\":50,\"output_tokens\":272,\"output_tokens_details\":{\"image_tokens\":265,\"text_tokens\":7}"), 8_800_000 },
        // An image that came to nothing and was charged
        { "tokens without an image", Anew, "", Told("\"input_tokens\":50,\"output_tokens\":0"), 250_000 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void What_the_answer_tells_of_images_is_charged_at_the_price_of_their_model(string name, string tool, string items, string told, long nanos)
    {
        var (call, _) = ToolCall.Bound(ToolCall.Body(tool));
        var answer = ToolCall.Answer(items, Usage, tool, told);
        foreach (var (mediaType, text) in new[] { ("application/json", answer), ("text/event-stream", ToolCall.Stream(answer)) })
        {
            var settled = ToolCall.Settle(call, ToolCall.Meter(call, mediaType, text));

            settled.IsEstimated.Should().BeFalse(name);
            settled.Cost.Value.Should().Be(20_000 + nanos, name);
            settled.Usage.Others.ToString().Should().Be(nanos > 0 ? $"tool_charges {nanos}" : "", name);
        }
    }

    /// <summary>The tool, items of the answer, what it tells of images.</summary>
    public static TheoryData<string, string, string> Unbelievable() => new()
    {
        { Anew, Made, "" },
        { Anew, Made, "\"tool_usage\":null," },
        { Anew, Made, Told("\"input_tokens\":0,\"output_tokens\":0") },
        { Anew, Made, Told("\"input_tokens\":50") },
        { Anew, Made, Told("\"input_tokens\":50,\"output_tokens\":-272") },
        { Anew, Made, Told("\"input_tokens\":50,\"output_tokens\":\"272\"") },
        { Anew, Made, Told("\"input_tokens\":50,\"output_tokens\":9000000000000000000") },
        { Anew, Made, Told("\"input_tokens\":50,\"output_tokens\":272,\"output_tokens_details\":{\"image_tokens\":300,\"text_tokens\":0}") },
        { Anew, Made, Told("\"input_tokens\":50,\"input_tokens_details\":{\"cached_tokens\":51},\"output_tokens\":272") },
        { Anew, Made, $"{Told("\"input_tokens\":50,\"output_tokens\":272")}{Told("\"input_tokens\":1,\"output_tokens\":1")}" },
        // Whether text or pictures came in is not said
        { Any, Made, Told("\"input_tokens\":350,\"output_tokens\":272") },
        // Nobody offered the tool
        { "{\"type\":\"web_search\"}", Made, Told("\"input_tokens\":50,\"output_tokens\":272") },
        { "{\"type\":\"web_search\"}", "", Told("\"input_tokens\":50,\"output_tokens\":272") },
    };

    [Theory]
    [MemberData(nameof(Unbelievable))]
    public void Images_whose_tokens_are_not_told_in_a_way_that_makes_sense_are_booked_at_the_bound(string tool, string items, string told)
    {
        var (call, _) = ToolCall.Bound(ToolCall.Body(tool));

        var settled = ToolCall.Settle(call, ToolCall.Meter(call, "application/json", ToolCall.Answer(items, Usage, tool, told)));

        settled.IsEstimated.Should().BeTrue();
        settled.Cost.Should().Be(call.Amount);
    }

    [Theory]
    [InlineData("{\"type\":\"image_generation\",\"model\":\"dall-e-9\"}", "", "'dall-e-9' of the tool 'image_generation' has no price")]
    [InlineData("{\"type\":\"image_generation\",\"model\":\"m-tools\"}", "", "makes images")]
    [InlineData(Any + "," + Anew, "", "Offer one")]
    [InlineData(Any, "\"background\":true", "background")]
    public void An_image_without_a_bound_is_refused(string tools, string more, string why)
    {
        var (_, refusal) = ToolCall.Bound(ToolCall.Body(tools, more));

        refusal!.CodeName.Should().Be("unpriceable_request");
        refusal.Message.Should().Contain(why);
    }

    [Theory]
    [InlineData("\"partial_images\":4")]
    [InlineData("\"partial_images\":\"1\"")]
    [InlineData("\"size\":5")]
    [InlineData("\"size\":\"1024x1024\",\"size\":\"1536x1024\"")]
    [InlineData("\"input_image_mask\":\"data:\"")]
    public async Task A_tool_that_makes_no_sense_is_a_bad_body(string member)
    {
        await using var company = await Company.StartAsync(ToolGatewayTests.Rules());

        (await company.PostAsync("responses", Bodies.Response(more: $"\"tools\":[{{\"type\":\"image_generation\",\"model\":\"gpt-image-1.5\",{member}}}]"))).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Images_are_permitted_by_the_tool_scope_held_settled_and_explained(bool isStream)
    {
        var rules = ToolGatewayTests.Rules("[image_generation]");
        await using var company = await Company.StartAsync(rules with
        {
            Prices = [.. rules.Prices, ImagePrice],
        });
        var body = Bodies.Response("image_calls=2 input_tokens=10", $"\"max_output_tokens\":16,\"max_tool_calls\":3,\"tools\":[{Anew}]{(isStream ? ",\"stream\":true" : "")}");

        (await company.PostAsync("responses", body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Should().ContainSingle().Subject;
        // Four passes over the window, 16 of output, and three images at 128,000·5,000 + 272·32,000
        spent.ReservedNanos.Should().Be(4_000 * 1_250 + 16 * 2_000 + 3 * 648_704_000L);
        // 10·1000 + 16·2000, and two images of 50·5,000 + 1,056·32,000
        spent.CostNanos.Should().Be(42_000 + 2 * 34_042_000);

        await using var other = await Company.StartAsync(ToolGatewayTests.Rules("[web_search]"));
        (await other.PostAsync("responses", body)).ShouldBe(403, "tool_not_allowed");
        other.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("[m1]", "", 403)]
    [InlineData("[m1, gpt-image-1.5]", "", 200)]
    [InlineData("[m1, gpt-image-1.5]", "{slug: cheap, kind: allowlist, scope: organization, models: [m1]}", 403)]
    public async Task The_model_that_makes_images_must_be_permitted_like_any_other(string models, string policy, int status)
    {
        var rules = ToolGatewayTests.Rules();
        await using var company = await Company.StartAsync(rules with
        {
            Keys = [$"{{slug: k1, actor: employee/e1, tools: [image_generation], models: {models}}}"],
            Policies = policy.Length > 0 ? [policy] : [],
            Prices = [.. rules.Prices, ImagePrice],
        });

        var answer = await company.PostAsync("responses", Bodies.Response("image_calls=1", $"\"max_output_tokens\":16,\"max_tool_calls\":1,\"tools\":[{Anew}]"));

        answer.ShouldBe(status, status == 200 ? null : "model_not_allowed");
        if (status != 200) answer.Text.Should().Contain("gpt-image-1.5");
        company.Journal.Count.Should().Be(status == 200 ? 1 : 0);
    }

    [Fact]
    public async Task Images_cost_what_the_accounts_rates_make_of_their_price()
    {
        var rules = ToolGatewayTests.Rules(account: ", ratePercent: 110");
        await using var company = await Company.StartAsync(rules with { Prices = [.. rules.Prices, ImagePrice] });

        (await company.PostAsync("responses", Bodies.Response("image_calls=1 input_tokens=10", $"\"max_output_tokens\":16,\"max_tool_calls\":1,\"tools\":[{Anew}]"))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Should().ContainSingle().Subject;
        // (Two passes over the window and 16 of output) and an image at 128,000·5,000 + 272·32,000, all at 110 per cent
        spent.ReservedNanos.Should().Be((2_000 * 1_250 + 16 * 2_000) * 11 / 10 + 648_704_000L * 11 / 10);
        // (10·1000 + 16·2000) and (50·5,000 + 1,056·32,000), all at 110 per cent
        spent.CostNanos.Should().Be(46_200 + 37_446_200);
    }

    [Fact]
    public async Task An_image_that_may_cost_a_thousand_dollars_is_refused()
    {
        var rules = ToolGatewayTests.Rules();
        await using var company = await Company.StartAsync(rules with { Cap = "1000000", Prices = [.. rules.Prices, ImagePrice.Replace("\"32\"", "\"9000000\"", StringComparison.Ordinal)] });

        var refused = await company.PostAsync("responses", Bodies.Response(more: $"\"max_output_tokens\":16,\"tools\":[{Anew}]"));

        refused.ShouldBe(400, "unpriceable_request").Text.Should().Contain("thousand dollars");
        company.Journal.Count.Should().Be(0);
    }

    private static string Told(string image) => $"\"tool_usage\":{{\"image_gen\":{{{image}}},\"web_search\":{{\"num_requests\":0}}}},";
}
