using System.Text;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Units;

/// <summary>Which tools of a request the provider runs, wherever the request names them.</summary>
public sealed class ToolEntryTests
{
    /// <summary>Every place in which a request of the Responses API may declare tools.</summary>
    private static readonly string[] Places =
    [
        """{"model":"m1","tools":[TOOL],"input":"x"}""",
        """{"model":"m1","input":[{"type":"additional_tools","id":"at_1","role":"developer","tools":[TOOL]},{"role":"user","content":"x"}]}""",
        """{"model":"m1","input":[{"tools":[TOOL],"type":"tool_search_output","call_id":"c1"}]}""",
        """{"model":"m1","tools":[{"type":"namespace","name":"n","description":"d","tools":[TOOL]}],"input":"x"}""",
        """{"model":"m1","input":[{"type":"additional_tools","role":"developer","tools":[{"tools":[TOOL],"type":"namespace"}]}]}""",
    ];

    [Theory]
    [InlineData("""{"type":"function","name":"f","parameters":{"type":"object","properties":{"type":{"type":"web_search"}},"tools":[{"type":"web_search"}]}}""")]
    [InlineData("""{"type":"custom","name":"apply_patch","format":{"type":"grammar","syntax":"lark","definition":"x"}}""")]
    [InlineData("""{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"},{"type":"custom","name":"g"}]}""")]
    [InlineData("""{"type":"local_shell"}""")]
    [InlineData("""{"type":"apply_patch"}""")]
    [InlineData("""{"type":"tool_search","execution":"client","description":"d","parameters":{}}""")]
    [InlineData("""{"execution":"client","type":"tool_search"}""")]
    [InlineData("""{"type":"shell","environment":{"type":"local","skills":[{"type":"x"}]}}""")]
    public void What_the_client_runs_is_no_tool_of_the_provider(string tool)
    {
        foreach (var place in Places) Read(place.Replace("TOOL", tool)).Tools.Should().BeEmpty(place);
    }

    [Theory]
    [InlineData("""{"type":"web_search"}""", "web_search")]
    [InlineData("""{"type":"code_interpreter","container":{"type":"auto"}}""", "code_interpreter")]
    [InlineData("""{"type":"tool_search"}""", "tool_search")]
    [InlineData("""{"type":"tool_search","execution":"server"}""", "tool_search")]
    [InlineData("""{"type":"tool_search","execution":null}""", "tool_search")]
    [InlineData("""{"type":"shell"}""", "shell")]
    [InlineData("""{"type":"shell","environment":null}""", "shell")]
    [InlineData("""{"type":"shell","environment":"local"}""", "shell")]
    [InlineData("""{"type":"shell","environment":{"type":"container_auto","x":{"type":"local"}}}""", "shell")]
    [InlineData("""{"type":"shell","environment":{"type":"container_auto","type":"local"}}""", "shell")]
    [InlineData("""{"type":"image_generation","execution":"client"}""", "image_generation")]
    [InlineData("""{"type":"a_tool_that_is_not_known_here"}""", "a_tool_that_is_not_known_here")]
    public void What_the_provider_runs_is_named_wherever_it_stands(string tool, string type)
    {
        foreach (var place in Places) Read(place.Replace("TOOL", tool)).Tools.Should().Equal([type], place);
    }

    [Theory]
    [InlineData("""{"type":"tool_search","execution":"client","execution":"server"}""")]
    [InlineData("""{"type":"function","type":"web_search"}""")]
    [InlineData("""{"type":"namespace","tools":{"type":"web_search"}}""")]
    [InlineData("""{"type":"namespace","tools":["web_search"]}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("\"web_search\"")]
    public void A_tool_that_contradicts_itself_is_refused(string tool)
    {
        foreach (var place in Places) Fault(place.Replace("TOOL", tool)).Should().NotBeNull(place);
    }

    [Fact]
    public void What_a_server_of_tools_has_listed_is_not_offered_again() =>
        Read("""{"model":"m1","input":[{"type":"mcp_list_tools","id":"l1","server_label":"s","tools":[{"name":"f","input_schema":{"type":"object"}}]}]}""")
            .Tools.Should().BeEmpty();

    [Fact]
    public void A_request_to_compact_the_input_has_no_price() =>
        Read("""{"model":"m1","input":[{"role":"user","content":"x"},{"type":"compaction_trigger"}]}""").Unpriceable.Should().Contain("compaction");

    [Fact]
    public void What_was_compacted_is_content_that_cannot_be_seen() =>
        Read("""{"model":"m1","input":[{"type":"compaction","encrypted_content":"abc"},{"role":"user","content":"x"}]}""").HasUnseenContent.Should().BeTrue();

    private static RequestFacts Read(string body)
    {
        var facts = OpenAiRequestReader.Read(Encoding.UTF8.GetBytes(body), OpenAiBody.Responses, out var fault);
        return facts ?? throw new InvalidOperationException($"{fault?.Message} {body}");
    }

    private static RequestFault? Fault(string body)
    {
        OpenAiRequestReader.Read(Encoding.UTF8.GetBytes(body), OpenAiBody.Responses, out var fault);
        return fault;
    }
}
