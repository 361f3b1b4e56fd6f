using System.Text;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>Tools are taken out of bodies of each format; everything else stays as it was written.</summary>
public sealed class StripperTests
{
    [Theory]
    [InlineData("""{"model":"m", "tools":[ {"type":"web_search"} , {"type":"function","name":"f"} ],"input":"é \u00e9"}""", """{"model":"m","tools":[{"type":"function","name":"f"}],"input":"é \u00e9"}""")]
    [InlineData("""{"tools":[{"type":"function","name":"f"},{"name":"x","type":"web_search_preview_2025_03_11"}],"tool_choice":"required","n":1.50}""", """{"tools":[{"type":"function","name":"f"}],"tool_choice":"required","n":1.50}""")]
    // Without tools there is no choice among them
    [InlineData("""{"tools":[{"type":"web_search"},{"type":"web_search_preview"}],"tool_choice":"auto","parallel_tool_calls":true,"input":"x"}""", """{"input":"x"}""")]
    [InlineData("""{"model":"m","web_search_options":{"user_location":null},"messages":[]}""", """{"model":"m","messages":[]}""")]
    [InlineData("""{"tools":[],"input":"{\"type\":\"web_search\"}"}""", """{"tools":[],"input":"{\"type\":\"web_search\"}"}""")]
    [InlineData("""{"tools":[{"type":"file_search"}],"tool_choice":{"type":"file_search"}}""", """{"tools":[{"type":"file_search"}],"tool_choice":{"type":"file_search"}}""")]
    public void OpenAi(string body, string left) => ShouldLeave(OpenAiToolStripper.Strip(Bytes(body), ["web_search"]), left);

    [Theory]
    [InlineData("\"required\"", "")]
    [InlineData("{\"type\":\"web_search_preview\"}", "web_search")]
    [InlineData("{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"web_search\"}]}", "web_search")]
    public void OpenAi_choice_that_demands_a_tool_that_is_gone(string choice, string demanded) =>
        OpenAiToolStripper.Strip(Bytes($"{{\"tools\":[{{\"type\":\"web_search\"}}],\"tool_choice\":{choice}}}"), ["web_search"]).Demanded.Should().Be(demanded);

    [Theory]
    [InlineData("""{"tools":[{"name":"f","input_schema":{"type":"web_search_20250305"}},{"type":"web_search_20260318","name":"web_search"}],"tool_choice":{"type":"auto"}}""", """{"tools":[{"name":"f","input_schema":{"type":"web_search_20250305"}}],"tool_choice":{"type":"auto"}}""")]
    [InlineData("""{"tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"auto"},"max_tokens":1}""", """{"max_tokens":1}""")]
    [InlineData("""{"tools":[{"type":"bash_20250124","name":"bash"}],"max_tokens":1}""", """{"tools":[{"type":"bash_20250124","name":"bash"}],"max_tokens":1}""")]
    public void Anthropic(string body, string left) => ShouldLeave(AnthropicToolStripper.Strip(Bytes(body), ["web_search"]), left);

    [Theory]
    [InlineData("{\"type\":\"any\"}", "")]
    [InlineData("{\"type\":\"tool\",\"name\":\"finder\"}", "finder")]
    public void Anthropic_choice_that_demands_a_tool_that_is_gone(string choice, string demanded) =>
        AnthropicToolStripper.Strip(Bytes($"{{\"tools\":[{{\"type\":\"web_search_20250305\",\"name\":\"finder\"}}],\"tool_choice\":{choice}}}"), ["web_search"]).Demanded.Should().Be(demanded);

    [Theory]
    [InlineData("""{"tools":[{"googleSearch":{},"functionDeclarations":[{"name":"f"}]},{"google_search":{}}],"contents":[]}""", """{"tools":[{"functionDeclarations":[{"name":"f"}]}],"contents":[]}""")]
    [InlineData("""{"tools":[{"googleSearchRetrieval":{}}],"contents":[]}""", """{"contents":[]}""")]
    [InlineData("""{"tools":{"googleSearch":{},"urlContext":{}},"contents":[]}""", """{"tools":{"urlContext":{}},"contents":[]}""")]
    [InlineData("""{"tools":{"googleSearch":{}},"contents":[]}""", """{"contents":[]}""")]
    [InlineData("""{"tools":[{"function_declarations":[{"name":"web_search"}]},{}]}""", """{"tools":[{"function_declarations":[{"name":"web_search"}]},{}]}""")]
    public void Gemini(string body, string left) => ShouldLeave(GeminiToolStripper.Strip(Bytes(body), ["web_search"]), left);

    private static void ShouldLeave(StrippedBody stripped, string left)
    {
        stripped.Demanded.Should().BeNull();
        Encoding.UTF8.GetString(stripped.Bytes.Span).Should().Be(left);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
