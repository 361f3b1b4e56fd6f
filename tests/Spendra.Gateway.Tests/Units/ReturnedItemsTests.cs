using System.Text;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tests.Golden;

namespace Spendra.Gateway.Tests.Units;

/// <summary>Items of an answer that a client sends back name files, and load none of them.</summary>
public sealed class ReturnedItemsTests
{
    private static RequestFacts Read(string item, OpenAiBody body = OpenAiBody.Responses)
    {
        var json = body == OpenAiBody.Chat ? $$"""{"model":"m","messages":[{{item}}]}""" : $$"""{"model":"m","input":[{{item}}]}""";
        return OpenAiRequestReader.Read(Encoding.UTF8.GetBytes(json), body, out _)!;
    }

    [Theory]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1","content":[{"type":"output_text","text":"See a.pdf","annotations":[{"type":"file_citation","file_id":"file-abc","filename":"a.pdf","index":3},{"type":"file_path","file_id":"file-abc","index":1}]}]}""")]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1","content":[{"type":"output_text","text":"x","annotations":[{"type":"container_file_citation","container_id":"cntr_1","file_id":"cfile_1"}]}]}""")]
    [InlineData("""{"type":"file_search_call","id":"fs_1","queries":["q"],"results":[{"file_id":"file-abc","text":"found","attributes":{"file_id":"file-abc"}}]}""")]
    [InlineData("""{"results":[{"file_id":"file-abc","text":"found"}],"id":"fs_1","type":"file_search_call"}""")]
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","code":"1","container_id":"cntr_1","outputs":[]}""")]
    [InlineData("""{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"}""")]
    [InlineData("""{"type":"custom_tool_call","id":"ctc_1","call_id":"c","name":"f","input":"x"}""")]
    [InlineData("""{"type":"local_shell_call","id":"lsh_1","call_id":"c","action":{"type":"exec","command":["ls"]},"status":"completed"}""")]
    [InlineData("""{"type":"computer_call","id":"cu_1","call_id":"c","actions":[{"type":"screenshot"}]}""")]
    [InlineData("""{"type":"apply_patch_call","id":"apc_1","call_id":"c","operation":{"type":"delete_file","path":"a"}}""")]
    [InlineData("""{"type":"function_call_output","id":"fco_1","call_id":"c","output":"done"}""")]
    [InlineData("""{"type":"function_call_output","id":"fco_1","call_id":"c","output":""}""")]
    [InlineData("""{"type":"shell_call_output","id":"sco_1","call_id":"c","output":[{"stdout":"x"}]}""")]
    [InlineData("""{"type":"tool_search_output","id":"tso_1","tools":[{"type":"function","name":"f"}]}""")]
    [InlineData("""{"type":"mcp_list_tools","id":"mcpl_1","server_label":"s","tools":[{"name":"f"}]}""")]
    [InlineData("""{"type":"mcp_call","id":"mcp_1","name":"f","arguments":"{}","output":"done"}""")]
    [InlineData("""{"type":"mcp_approval_response","id":"mcpr_1","approval_request_id":"mcpa_1","approve":true}""")]
    [InlineData("""{"role":"user","id":"msg_1","content":"hi"}""")]
    [InlineData("""{"type":"message","role":"assistant"}""")]
    [InlineData("""{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"sealed"}""")]
    public void Citations_and_search_results_load_nothing(string item)
    {
        var facts = Read(item);

        facts.References.Should().BeEmpty();
        facts.HasUnseenContent.Should().BeFalse();
    }

    [Fact]
    public void Citations_of_a_chat_load_nothing() =>
        Read("""{"role":"assistant","content":"x","annotations":[{"type":"file_citation","file_id":"file-abc"}]}""", OpenAiBody.Chat).References.Should().BeEmpty();

    [Theory]
    [InlineData("""{"role":"user","content":[{"type":"input_file","file_id":"file-abc"}]}""")]
    [InlineData("""{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","file_id":"file-abc"}]}""")]
    // Only a file search has results that are text.
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","results":[{"type":"files","files":[{"file_id":"file-abc"}]}]}""")]
    [InlineData("""{"results":[{"file_id":"file-abc"}],"id":"x_1"}""")]
    [InlineData("""{"type":"file_search_call","type":"message","results":[{"file_id":"file-abc"}]}""")]
    [InlineData("""{"type":"message","role":"user","content":[{"type":"file_search_call","results":[{"file_id":"file-abc"}]}]}""")]
    [InlineData("""{"type":"file_search_call","file_id":"file-abc","results":[]}""")]
    public void What_may_be_loaded_must_be_the_callers(string item)
    {
        var facts = Read(item);

        facts.References.Should().Equal(new ObjectReference(ObjectKind.File, "file-abc"));
        facts.HasUnseenContent.Should().BeTrue();
    }

    /// <summary>The provider keeps it under its id, and may read it back: how long it is does not stand in the request.</summary>
    [Theory]
    [InlineData("""{"type":"reasoning","id":"rs_1","summary":[]}""")]
    [InlineData("""{"type":"reasoning","id":"rs_1","encrypted_content":null}""")]
    [InlineData("""{"type":"reasoning","id":"rs_1","encrypted_content":""}""")]
    [InlineData("""{"type":"reasoning","id":"rs_1","encrypted_content":[]}""")]
    [InlineData("""{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}""")]
    [InlineData("""{"type":"file_search_call","id":"fs_1","queries":["q"]}""")]
    [InlineData("""{"type":"file_search_call","id":"fs_1","results":null}""")]
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","code":"1","container_id":"cntr_1","outputs":null}""")]
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","code":"1"}""")]
    // A picture has as many tokens as it has measures, whatever its bytes.
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","code":"1","container_id":"cntr_1","outputs":[{"type":"logs","logs":"x"},{"type":"image","url":"https://provider/x.png"}]}""")]
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","code":"1","container_id":"cntr_1","outputs":[{"url":"https://provider/x.png"}]}""")]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1"}""")]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1","content":[]}""")]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1","content":null}""")]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1","content":""}""")]
    [InlineData("""{"id":"msg_1","type":"message"}""")]
    [InlineData("""{"id":"x","type":""}""")]
    [InlineData("""{"id":"ig_1","role":"x"}""")]
    [InlineData("""{"id":"ig_1","role":"x","arguments":"{}"}""")]
    [InlineData("""{"type":"mcp_call","id":"mcp_1","name":"f","arguments":"{}"}""")]
    [InlineData("""{"type":"mcp_list_tools","id":"mcpl_1","server_label":"s"}""")]
    [InlineData("""{"type":"tool_search_output","id":"tso_1"}""")]
    [InlineData("""{"type":"shell_call_output","id":"sco_1","output":null}""")]
    [InlineData("""{"type":"function_call_output","id":"fco_1","call_id":"c"}""")]
    [InlineData("""{"type":"function_call_output","id":"fco_1","call_id":"c","arguments":"{}"}""")]
    [InlineData("""{"type":"function_call","id":"fc_1","call_id":"c","name":"f"}""")]
    [InlineData("""{"type":"what_comes_next","id":"n_1"}""")]
    [InlineData("""{"type":"image_generation_call","id":"ig_1","result":"AAAA","status":"completed"}""")]
    [InlineData("""{"type":"image_generation_call","result":"AAAA"}""")]
    public void What_is_read_back_by_its_id_is_unseen(string item)
    {
        var facts = Read(item);

        facts.HasUnseenContent.Should().BeTrue();
        facts.Unpriceable.Should().BeNull();
    }

    /// <summary>By whichever of its names: the provider makes a conversation of it that is as long as it was.</summary>
    [Theory]
    [InlineData("compaction")]
    [InlineData("compaction_summary")]
    [InlineData("context_compaction")]
    public void What_was_compacted_is_unseen(string type) =>
        Read($$"""{"type":"{{type}}","encrypted_content":"sealed"}""").HasUnseenContent.Should().BeTrue();

    /// <summary>Whose picture it is that the provider keeps under an id is not known here.</summary>
    [Theory]
    [InlineData("""{"type":"image_generation_call","id":"ig_1"}""")]
    [InlineData("""{"id":"ig_1","type":"image_generation_call"}""")]
    [InlineData("""{"type":"image_generation_call","id":"ig_1","result":null}""")]
    [InlineData("""{"type":"image_generation_call","id":"ig_1","result":""}""")]
    [InlineData("""{"type":"image_generation_call","id":"ig_1","result":{}}""")]
    public void A_picture_by_its_id_alone_is_refused(string item)
    {
        var facts = Read(item);

        facts.Unpriceable.Should().Contain("its 'result'");
        facts.HasUnseenContent.Should().BeTrue();
    }

    /// <summary>Which of two the provider would heed is not known.</summary>
    [Theory]
    [InlineData("""{"type":"reasoning","id":"rs_1","type":"message"}""")]
    [InlineData("""{"type":"message","role":"user","type":"reasoning","id":"rs_1","encrypted_content":"x"}""")]
    [InlineData("""{"type":"item_reference","id":"a","type":"message","role":"user"}""")]
    [InlineData("""{"type":"reasoning","id":"rs_1","id":null}""")]
    [InlineData("""{"role":"user","id":"rs_1","role":null}""")]
    [InlineData("""{"type":"reasoning","id":"rs_1","encrypted_content":"x","encrypted_content":null}""")]
    [InlineData("""{"type":"image_generation_call","id":"ig_1","result":"AAAA","result":null}""")]
    [InlineData("""{"type":"code_interpreter_call","id":"ci_1","outputs":[],"outputs":null}""")]
    [InlineData("""{"type":"message","role":"assistant","id":"msg_1","content":"x","content":null}""")]
    [InlineData("""{"type":"function_call_output","id":"fco_1","call_id":"c","output":"x","output":null}""")]
    public void An_item_that_says_twice_what_it_is_is_refused(string item) => Read(item).Unpriceable.Should().NotBeNull();

    [Fact]
    public void An_image_costs_no_more_than_is_held_when_it_is_sent_back()
    {
        var (call, refusal) = ListedCall.Bound(Doors.OpenAiResponses, "gpt-5.4",
            """{"model":"gpt-5.4","max_output_tokens":100,"input":[{"role":"user","content":"describe it"},{"type":"image_generation_call","id":"ig_123","result":"AAAA"}]}""");
        refusal.Should().BeNull();

        var told = """{"id":"x","object":"response","status":"completed","model":"gpt-5.4","service_tier":"default","output":[],"usage":{"input_tokens":1600,"output_tokens":100,"total_tokens":1700}}""";
        var settled = ListedCall.Settle(call, ListedCall.Meter(call, "application/json", Encoding.UTF8.GetBytes(told)).Reading);

        settled.Cost.Value.Should().BeLessThanOrEqualTo(call.Amount.Value);
    }
}
