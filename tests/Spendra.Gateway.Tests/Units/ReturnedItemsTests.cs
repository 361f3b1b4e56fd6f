using System.Text;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

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
    [InlineData("""{"type":"file_search_call","id":"fs_1","results":null}""")]
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
}
