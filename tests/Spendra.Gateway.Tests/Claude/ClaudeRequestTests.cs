using System.Text;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.Anthropic;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>What is read of a messages request, and how it is bounded.</summary>
public sealed class ClaudeRequestTests
{
    private const string Search = "{\"type\":\"web_search_20250305\",\"name\":\"web_search\"";

    private static long BytesOf(string body) => Encoding.UTF8.GetByteCount(body);

    public static TheoryData<string, string> Faults() => new()
    {
        { "", "JSON" }, { "[]", "object" }, { "{\"model\":\"a\",\"max_tokens\":1} x", "JSON" },
        { "{\"max_tokens\":1}", "model" }, { "{\"model\":\"a\"}", "max_tokens" }, { "{\"model\":\"a\",\"max_tokens\":null}", "max_tokens" },
        { "{\"model\":\"\",\"max_tokens\":1}", "model" }, { "{\"model\":7,\"max_tokens\":1}", "model" }, { "{\"model\":\"a\\n\",\"max_tokens\":1}", "model" },
        { "{\"model\":\"a\",\"model\":\"b\",\"max_tokens\":1}", "model" }, { "{\"model\":\"a\",\"max_tokens\":1,\"max\\u005ftokens\":2}", "max_tokens" },
        { "{\"model\":\"a\",\"max_tokens\":-1}", "max_tokens" }, { "{\"model\":\"a\",\"max_tokens\":\"1\"}", "max_tokens" }, { "{\"model\":\"a\",\"max_tokens\":1.5}", "max_tokens" }, { "{\"model\":\"a\",\"max_tokens\":10000001}", "max_tokens" },
        { ClaudeCall.Body("\"stream\":1"), "stream" }, { ClaudeCall.Body("\"tools\":{}"), "tools" }, { ClaudeCall.Body("\"tools\":[7]"), "tools" },
        { ClaudeCall.Body("\"service_tier\":7"), "service_tier" }, { ClaudeCall.Body("\"speed\":{}"), "speed" }, { ClaudeCall.Body("\"inference_geo\":[]"), "inference_geo" },
        { ClaudeCall.Body($"\"tools\":[{Search},\"max_uses\":0}}]"), "max_uses" }, { ClaudeCall.Body($"\"tools\":[{Search},\"max_uses\":201}}]"), "max_uses" },
        { ClaudeCall.Body($"\"tools\":[{Search},\"max_uses\":1,\"max_uses\":2}}]"), "max_uses" }, { ClaudeCall.Body($"\"tools\":[{Search},\"type\":\"custom\"}}]"), "type" },
        { ClaudeCall.Body($"\"tools\":[{Search},\"max_uses\":200}},{{\"type\":\"web_fetch_20250910\",\"max_uses\":1}}]"), "tools" },
        { ClaudeCall.Content("{\"type\":\"image\",\"type\":\"text\",\"text\":\"x\"}"), "type" },
        { ClaudeCall.Content("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":\"AAAA\",\"data\":\"BBBB\"}}"), "data" },
        { ClaudeCall.Content("{\"type\":\"image\",\"source\":{\"type\":\"text\",\"type\":\"base64\"}}"), "type" },
        { ClaudeCall.Content("{\"type\":\"image\",\"source\":{\"type\":\"text\"},\"source\":{\"type\":\"base64\"}}"), "source" },
        { ClaudeCall.Body(text: "\\ud800", more: "\"model\\ud800\":1"), "JSON" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_body_that_cannot_be_governed_is_refused(string body, string word)
    {
        AnthropicRequestReader.Read(Encoding.UTF8.GetBytes(body), AnthropicBody.Messages, null, out var fault).Should().BeNull();

        $"{fault!.Message} {fault.Parameter}".Replace("Unicode", "JSON", StringComparison.Ordinal).Should().Contain(word);
    }

    [Fact]
    public void Counting_needs_no_output_limit()
    {
        var (call, refusal) = ClaudeCall.Bound($"{{\"model\":\"{ClaudeCall.Model}\",\"messages\":[]}}", route: ClaudeCall.Count);

        refusal.Should().BeNull();
        call.Amount.Value.Should().Be(0);
        call.Price.Should().BeNull();
    }

    [Fact]
    public void Text_is_bounded_by_its_bytes_at_the_dearest_class()
    {
        var body = ClaudeCall.Body(text: "Ünï 🦊");
        var (call, refusal) = ClaudeCall.Bound(body);

        refusal.Should().BeNull();
        call.Bound.Should().Be(new UnitBound(BytesOf(body) + 64, 100));
        // The workspace may have it served in the us.
        call.TierPercent.Should().Be(110);
        call.Amount.Value.Should().Be(((BytesOf(body) + 64) * 1250 + 100 * 5000) * 110 / 100);
        call.Changes.ServiceTier.Should().Be("standard_only");
    }

    public static TheoryData<string> HourLongCaches() =>
    [
        ClaudeCall.Body("\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"),
        ClaudeCall.Body("\"system\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"ttl\":\"1h\",\"type\":\"ephemeral\"}}]"),
        ClaudeCall.Body("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1\\u0068\"}}]"),
        ClaudeCall.Content("{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}"),
        ClaudeCall.Content("{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}"),
    ];

    [Theory]
    [MemberData(nameof(HourLongCaches))]
    public void A_cache_for_an_hour_makes_its_rate_the_dearest(string body)
    {
        var (call, refusal) = ClaudeCall.Bound(body);

        refusal.Should().BeNull();
        call.Bound.Kinds.Should().Be(TokenKinds.LongCache);
        call.Amount.Value.Should().Be((call.Bound.Input * 2000 + 100 * 5000) * 110 / 100);
    }

    [Fact]
    public void A_cache_for_an_hour_without_a_rate_has_no_bound()
    {
        var price = ClaudeCall.Price with { Rates = ClaudeCall.Price.Rates with { Others = default }, LongContext = null };

        ClaudeCall.Bound(ClaudeCall.Body("\"cache_control\":{\"ttl\":\"1h\"}"), price: price).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
        ClaudeCall.Bound(ClaudeCall.Body("\"cache_control\":{\"ttl\":\"5m\"}"), price: price).Refusal.Should().BeNull();
    }

    [Fact]
    public void What_a_model_passes_to_a_tool_is_data()
    {
        var (call, refusal) = ClaudeCall.Bound(ClaudeCall.Content(
            "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"cache_control\":{\"ttl\":\"9h\"},\"file_id\":\"file_1\",\"type\":\"document\",\"source\":{\"type\":\"url\"}}}",
            "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"properties\":{\"cache_control\":{\"ttl\":\"9h\"},\"max_uses\":7}}}]"));

        refusal.Should().BeNull();
        call.Facts.References.Should().BeEmpty();
        call.Facts.HasUnseenContent.Should().BeFalse();
    }

    [Theory]
    [InlineData("claude-a", 4784)]
    [InlineData("claude-sonnet-4-6", 1600)]
    [InlineData("claude-sonnet-4-60", 4784)]
    public void An_image_is_bounded_by_its_models_ceiling_and_not_by_its_bytes(string model, long ceiling)
    {
        var data = new string('A', 30_000);
        var images = $"{{\"source\":{{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"{data}\"}},\"type\":\"image\"}},{{\"type\":\"image\",\"source\":{{\"type\":\"base64\",\"data\":\"AA==\"}}}},"
            + "{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://x/y.png\"}}]}";
        var body = ClaudeCall.Content(images).Replace(ClaudeCall.Model, model, StringComparison.Ordinal);
        var (call, refusal) = ClaudeCall.Bound(body, price: ClaudeCall.Price with { Model = model });

        refusal.Should().BeNull();
        call.Bound.Input.Should().Be(BytesOf(body) - 30_000 - 4 + 64 + 3 * ceiling);
    }

    [Theory]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AAAA\"}}")]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"https://x/y.pdf\"}}")]
    [InlineData("{\"type\":\"image\",\"source\":{\"type\":\"holo\",\"data\":\"AAAA\"}}")]
    [InlineData("{\"type\":\"image\",\"source\":{}}")]
    [InlineData("{\"type\":\"web_fetch_tool_result\",\"tool_use_id\":\"t\",\"content\":{\"type\":\"web_fetch_result\",\"content\":{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"data\":\"AAAA\"}}}}")]
    public void Documents_and_unknown_sources_are_bounded_by_the_context_window(string block)
    {
        ClaudeCall.Bound(ClaudeCall.Content(block)).Call.Bound.Input.Should().Be(ClaudeCall.Window);
        ClaudeCall.Bound(ClaudeCall.Content(block), price: ClaudeCall.Price with { ContextWindow = null }).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
    }

    [Theory]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"a text\"}}")]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}")]
    [InlineData("{\"type\":\"search_result\",\"source\":\"https://x\",\"title\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}")]
    public void Documents_of_text_are_bounded_by_their_bytes(string block)
    {
        var body = ClaudeCall.Content(block);

        ClaudeCall.Bound(body).Call.Bound.Input.Should().Be(BytesOf(body) + 64);
    }

    /// <summary>
    /// Anthropic cuts a document that is to be cited into sentences and adds instructions, and says of neither how many tokens
    /// that is ("Citations", "Token costs").
    /// </summary>
    [Theory]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"A. A. A.\"},\"citations\":{\"enabled\":true}}", true)]
    [InlineData("{\"citations\":{\"enabled\":true},\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}", true)]
    [InlineData("{\"type\":\"search_result\",\"source\":\"https://x\",\"title\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"citations\":{\"enabled\":true}}", true)]
    [InlineData("{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":{\"enabled\":true}}]}", true)]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":{\"enabled\":false,\"enabled\":true}}", true)]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":{\"enabled\":true},\"citations\":{\"enabled\":false}}", true)]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":{\"enabled\":\"yes\"}}", true)]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":{\"enabled\":false}}", false)]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":{\"enabled\":null}}", false)]
    [InlineData("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"x\"},\"citations\":null}", false)]
    // What an earlier answer cited.
    [InlineData("{\"type\":\"text\",\"text\":\"x\",\"citations\":[{\"type\":\"char_location\",\"cited_text\":\"x\",\"document_index\":0}]}", false)]
    [InlineData("{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"citations\":{\"enabled\":true}}}", false)]
    public void Citations_are_bounded_by_the_context_window(string block, bool isWindow)
    {
        var body = ClaudeCall.Content(block);

        ClaudeCall.Bound(body).Call.Bound.Input.Should().Be(isWindow ? ClaudeCall.Window : BytesOf(body) + 64);
    }

    [Fact]
    public void Files_are_references_that_must_be_owned()
    {
        var call = ClaudeCall.Read(ClaudeCall.Content("{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}},{\"type\":\"container_upload\",\"file_id\":\"file_2\"}"));

        call.Facts.References.Select(r => r.ObjectId).Should().Equal("file_1", "file_2");
        call.Facts.HasUnseenContent.Should().BeTrue();
    }

    [Theory]
    [InlineData("{\"name\":\"f\",\"input_schema\":{}}", 804)]
    [InlineData("{\"type\":\"custom\",\"name\":\"f\"}", 804)]
    [InlineData("{\"type\":\"bash_20250124\",\"name\":\"bash\"}", 804 + 325)]
    [InlineData("{\"type\":\"text_editor_20250728\",\"name\":\"e\"}", 804 + 700)]
    [InlineData("{\"type\":\"computer_20251124\",\"name\":\"c\"},{\"type\":\"bash_20250124\",\"name\":\"bash\"}", 804 + 735 + 499 + 325)]
    public void Tools_that_the_client_runs_add_their_instructions(string tools, long added)
    {
        var body = ClaudeCall.Body($"\"tools\":[{tools}]");
        var (call, refusal) = ClaudeCall.Bound(body);

        refusal.Should().BeNull();
        call.Shape.Tools.Should().BeEmpty();
        call.Bound.Input.Should().Be(BytesOf(body) + 64 + added);
    }

    [Fact]
    public void Tools_whose_instructions_are_not_documented_are_bounded_by_the_context_window() =>
        ClaudeCall.Bound(ClaudeCall.Body("\"tools\":[{\"type\":\"memory_20250818\",\"name\":\"memory\"}]")).Call.Bound.Input.Should().Be(ClaudeCall.Window);

    [Fact]
    public void Each_search_is_a_further_pass_over_the_context_and_a_fee()
    {
        var (call, refusal) = ClaudeCall.Bound(ClaudeCall.Body($"\"tools\":[{Search},\"max_uses\":3}}]"));

        refusal.Should().BeNull();
        call.Shape.Tools.Should().Equal("web_search");
        call.Bound.Input.Should().Be(ClaudeCall.Window * 4);
        call.Bound.Output.Should().Be(400);
        call.Bound.Pieces.Find(UnitClass.WebSearches).Should().Be(3);
        call.Changes.ToolUses.Should().BeNull();
        call.Amount.Value.Should().Be((ClaudeCall.Window * 4 * 6250 + 400 * 25_000) * 110 / 100 + 3 * 10_000_000);
    }

    [Fact]
    public void Searches_and_fetches_without_a_limit_get_one()
    {
        var (call, _) = ClaudeCall.Bound(ClaudeCall.Body($"\"tools\":[{Search}}},{{\"type\":\"web_fetch_20250910\",\"name\":\"web_fetch\",\"max_uses\":null}}]"));

        call.Changes.ToolUses.Should().Be(5);
        call.Bound.Input.Should().Be(ClaudeCall.Window * 11);
        call.Bound.Pieces.Find(UnitClass.WebSearches).Should().Be(5);
        Encoding.UTF8.GetString(AnthropicDialect.Instance.Rewrite(call).Span).Should()
            .Contain("\"tools\":[{\"max_uses\":5,\"type\":\"web_search_20250305\",\"name\":\"web_search\"},{\"type\":\"web_fetch_20250910\",\"name\":\"web_fetch\",\"max_uses\":5}]");
    }

    [Theory]
    [InlineData("\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"x\"}]", "code_execution")]
    [InlineData("\"tools\":[{\"type\":\"advisor_20260301\",\"name\":\"x\"}]", "advisor")]
    [InlineData("\"tools\":[{\"type\":\"mcp_toolset\",\"mcp_server_name\":\"x\"}]", "mcp_toolset")]
    [InlineData("\"tools\":[{\"type\":\"tool_search_tool_regex_20251119\",\"name\":\"x\"}]", "tool_search_tool_regex")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20990101\",\"name\":\"x\",\"max_uses\":1}]", "web_search")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20260318\",\"name\":\"x\",\"max_uses\":1}]", "web_search")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20260318\",\"name\":\"x\",\"max_uses\":1,\"allowed_callers\":[\"direct\",\"code_execution_20260120\"]}]", "web_search")]
    [InlineData("\"mcp_servers\":[{\"type\":\"url\",\"url\":\"https://x\"}]", null)]
    [InlineData("\"container\":\"container_1\"", null)]
    [InlineData("\"fallbacks\":\"default\"", null)]
    [InlineData("\"thread\":{\"type\":\"create\"}", null)]
    [InlineData("\"compaction\":{}", null)]
    [InlineData("\"billing_policy\":{\"bill_to\":\"user_profile\"}", null)]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":\"clear_tool_uses_20250919\"},{\"type\":\"compact_20260112\"}]}", null)]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":\"compact_20260112\",\"type\":\"clear_tool_uses_20250919\"}]}", null)]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":\"clear_tool_uses_20250919\",\"type\":\"compact_20260112\"}]}", null)]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":null,\"type\":\"clear_tool_uses_20250919\"}]}", null)]
    [InlineData("\"cache_control\":{\"ttl\":\"2h\"}", null)]
    [InlineData("\"service_tier\":\"platinum\"", null)]
    [InlineData("\"speed\":\"warp\"", null)]
    [InlineData("\"inference_geo\":\"mars\"", null)]
    public void What_has_no_bound_is_refused(string more, string? tool)
    {
        var (call, refusal) = ClaudeCall.Bound(ClaudeCall.Body(more));

        refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
        call.Shape.Tools.Should().Equal(tool is null ? [] : [tool]);
    }

    [Theory]
    [InlineData("\"mcp_servers\":[]")]
    [InlineData("\"mcp_servers\":null,\"container\":null,\"fallbacks\":null,\"thread\":null,\"compaction\":null,\"billing_policy\":null,\"tools\":null,\"stream\":null,\"context_management\":null")]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":\"clear_tool_uses_20250919\",\"keep\":{\"type\":\"tool_uses\",\"value\":3}}]}")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20260318\",\"name\":\"web_search\",\"max_uses\":1,\"allowed_callers\":[\"direct\"]}]")]
    [InlineData("\"service_tier\":null,\"speed\":null,\"inference_geo\":null,\"cache_control\":null")]
    [InlineData("\"output_config\":{\"effort\":\"high\"},\"metadata\":{\"user_id\":\"u\"},\"tool_choice\":{\"type\":\"auto\"}")]
    public void What_costs_nothing_more_is_not_refused(string more) => ClaudeCall.Bound(ClaudeCall.Body(more)).Refusal.Should().BeNull();

    [Theory]
    [InlineData("", 110, "standard_only")]
    [InlineData("\"service_tier\":\"auto\"", 110, "standard_only")]
    [InlineData("\"service_tier\":\"standard_only\"", 110, null)]
    [InlineData("\"inference_geo\":\"global\"", 100, "standard_only")]
    [InlineData("\"inference_geo\":\"us\"", 110, "standard_only")]
    [InlineData("\"speed\":\"fast\",\"inference_geo\":\"global\"", 200, "standard_only")]
    [InlineData("\"speed\":\"standard\",\"inference_geo\":\"global\"", 100, "standard_only")]
    [InlineData("\"speed\":\"fast\"", 220, "standard_only")]
    public void Tiers_are_priced_or_forced(string more, int percent, string? forced)
    {
        var (call, refusal) = ClaudeCall.Bound(ClaudeCall.Body(more));

        refusal.Should().BeNull();
        call.TierPercent.Should().Be(percent);
        call.Changes.ServiceTier.Should().Be(forced);
    }

    [Fact]
    public void A_priority_tier_that_has_a_price_is_left_to_the_provider()
    {
        var (call, _) = ClaudeCall.Bound(ClaudeCall.Body("\"inference_geo\":\"global\""), price: ClaudeCall.Price with { TierPercents = PriceVersion.NoTiers.Add("priority", 150) });

        call.TierPercent.Should().Be(150);
        call.Changes.ServiceTier.Should().BeNull();
    }

    [Fact]
    public void A_beta_with_a_larger_window_than_the_price_book_knows_is_refused()
    {
        ClaudeCall.Bound(ClaudeCall.Body(), betas: "a,context-1m-2025-08-07").Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
        ClaudeCall.Bound(ClaudeCall.Body("\"anthropic_beta\":[\"context-1m-2025-08-07\"]")).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
        ClaudeCall.Bound(ClaudeCall.Body(), betas: "context-1m-2025-08-07", price: ClaudeCall.Price with { ContextWindow = 1_000_000 }).Refusal.Should().BeNull();
        ClaudeCall.Bound(ClaudeCall.Body(), betas: "files-api-2025-04-14").Refusal.Should().BeNull();
    }
}
