namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>
/// What an answer says that OpenAI's tools did, and what that costs to the nano-dollar, worked out by hand at the rates
/// of <see cref="ToolCall.Price"/>. The tokens are always 10·1000 + 5·2000 = 20,000.
/// </summary>
public sealed class ToolFeeTests
{
    private const string Usage = "\"input_tokens\":10,\"output_tokens\":5";
    private const string Web = "{\"type\":\"web_search\"}";
    private const string Preview = "{\"type\":\"web_search_preview\"}";
    private const string File = "{\"type\":\"file_search\",\"vector_store_ids\":[\"vs_1\"]}";
    private const string Code = "{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\"}}";
    private const string Searched = "{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\",\"action\":{\"type\":\"search\",\"query\":\"q\"}}";
    private const string FileSearched = "{\"id\":\"fs_1\",\"type\":\"file_search_call\",\"queries\":[\"q\"],\"results\":null}";

    /// <summary>Name, tools of the request, items of the answer, units, nano-USD.</summary>
    public static TheoryData<string, string, string, string, long> Answers() => new()
    {
        { "nothing was called", Web, "", "", 20_000 },
        // 2·10,000,000
        { "web search", Web, $"{Searched},{Searched}", "web_searches 2", 20_020_000 },
        { "web search by date", "{\"type\":\"web_search_2025_08_26\"}", Searched, "web_searches 1", 10_020_000 },
        // Opening a page, or looking for a text in it, is no search
        { "web search that opened pages", Web, $"{Searched},{Item("web_search_call", "\"action\":{\"type\":\"open_page\",\"url\":\"u\"}")},{Item("web_search_call", "\"action\":{\"url\":\"u\",\"type\":\"find_in_page\"}")}", "web_searches 1", 10_020_000 },
        { "web search that says nothing of what it did", Web, Item("web_search_call", "\"status\":\"failed\""), "web_searches 1", 10_020_000 },
        { "web search that does something new", Web, Item("web_search_call", "\"action\":{\"type\":\"dream\"}"), "web_searches 1", 10_020_000 },
        // 25,000,000
        { "preview search", Preview, Searched, "preview_searches 1", 25_020_000 },
        { "preview search by date", "{\"type\":\"web_search_preview_2025_03_11\"}", Searched, "preview_searches 1", 25_020_000 },
        // 3·2,500,000
        { "file search", File, $"{FileSearched},{FileSearched},{FileSearched}", "file_searches 3", 7_520_000 },
        // One container, however often it is used
        { "code", Code, $"{Ran("cntr_1")},{Ran("cntr_1")}", "code_sessions 1", 30_020_000 },
        { "code in two containers", Code, $"{Ran("cntr_1")},{Ran("cntr_2")},{Ran("cntr_1")}", "code_sessions 2", 60_020_000 },
        { "code in a container without a name", Code, $"{Item("code_interpreter_call", "\"container_id\":null")},{Item("code_interpreter_call", "\"code\":\"1\"")}", "code_sessions 2", 60_020_000 },
        // 4 gigabytes: 4·30,000,000
        { "code in a large container", "{\"container\":{\"memory_limit\":\"4g\",\"type\":\"auto\"},\"type\":\"code_interpreter\"}", Ran("cntr_1"), "code_sessions 4", 120_020_000 },
        { "code in a larger container", "{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\",\"memory_limit\":\"16g\"}}", Ran("cntr_1"), "code_sessions 16", 480_020_000 },
        { "code in the largest container", "{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\",\"memory_limit\":\"64g\"}}", Ran("cntr_1"), "code_sessions 64", 1_920_020_000 },
        { "all of them", $"{Web},{File},{Code}", $"{Searched},{FileSearched},{Ran("cntr_1")}", "web_searches 1, file_searches 1, code_sessions 1", 42_520_000 },
        // What the client runs costs its tokens
        { "functions and the computer", $"{{\"type\":\"function\",\"name\":\"f\"}},{{\"type\":\"computer_use_preview\",\"environment\":\"browser\"}}", $"{Item("function_call", "\"name\":\"f\"")},{Item("computer_call", "\"action\":{\"type\":\"click\"}")}", "", 20_000 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_plain_answer_is_charged_for_what_was_called(string name, string tools, string items, string units, long nanos) =>
        ShouldCost(name, "application/json", ToolCall.Body(tools), ToolCall.Answer(items, Usage, tools), units, nanos);

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_streamed_answer_is_charged_for_what_its_end_tells(string name, string tools, string items, string units, long nanos) =>
        ShouldCost(name, "text/event-stream", ToolCall.Body(tools, "\"max_output_tokens\":100,\"stream\":true"), ToolCall.Stream(ToolCall.Answer(items, Usage, tools)), units, nanos);

    [Fact]
    public void Wherever_the_network_cuts_an_answer_it_costs_the_same()
    {
        var answer = ToolCall.Answer($"{Searched},{FileSearched}", Usage);
        var (call, _) = ToolCall.Bound(ToolCall.Body($"{Web},{File}"));
        for (var piece = 1; piece <= 40; piece++)
        {
            ToolCall.Settle(call, ToolCall.Meter(call, "application/json", answer, piece)).Cost.Value.Should().Be(12_520_000);
            ToolCall.Settle(call, ToolCall.Meter(call, "text/event-stream", ToolCall.Stream(answer), piece)).Cost.Value.Should().Be(12_520_000);
        }
    }

    [Theory]
    [InlineData("{\"type\":\"image_generation_call\",\"result\":\"AA\"}")]
    [InlineData("{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_1\"}")]
    public void What_ran_without_having_been_bounded_is_booked_at_the_bound(string item)
    {
        var (call, _) = ToolCall.Bound(ToolCall.Body(Web));

        var settled = ToolCall.Settle(call, ToolCall.Meter(call, "application/json", ToolCall.Answer(item, Usage)));

        settled.IsEstimated.Should().BeTrue();
        settled.Cost.Should().Be(call.Amount);
    }

    [Theory]
    [InlineData("", "web_searches 1")]
    [InlineData(Web, "web_searches 1")]
    [InlineData(Preview, "preview_searches 1")]
    public void A_response_that_is_fetched_later_says_itself_which_search_was_offered(string offered, string units)
    {
        var (call, _) = ToolCall.Bound(ToolCall.Body(""), ToolCall.Fetch);

        ToolCall.Meter(call, "application/json", ToolCall.Answer(Searched, Usage, offered)).Usage!.Value.Others.ToString().Should().Be(units);
    }

    private static void ShouldCost(string name, string mediaType, string body, string answer, string units, long nanos)
    {
        var (call, refusal) = ToolCall.Bound(body);
        refusal.Should().BeNull(name);

        var settled = ToolCall.Settle(call, ToolCall.Meter(call, mediaType, answer));

        // How long a container was used, no answer tells.
        settled.IsEstimated.Should().Be(units.Contains("code_sessions"));
        (settled.Usage.TotalInput, settled.Usage.Output).Should().Be((10, 5));
        settled.Usage.Others.ToString().Should().Be(units);
        settled.Cost.Value.Should().Be(nanos);
        settled.Cost.Value.Should().BeLessThanOrEqualTo(call.Amount.Value);
    }

    private static string Item(string type, string members) => $"{{\"type\":\"{type}\",{members}}}";

    private static string Ran(string container) => Item("code_interpreter_call", $"\"code\":\"print(1)\",\"container_id\":\"{container}\",\"outputs\":[{{\"type\":\"logs\"}}]");
}
