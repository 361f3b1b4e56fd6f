using Spendra.Control.Keys;

namespace Spendra.Control.Tests.Dashboard;

public sealed class KeySnippetTests
{
    [Fact]
    public void Every_snippet_has_the_key_once_and_this_servers_address()
    {
        var snippets = KeySnippet.All("https://spendra.acme.example", "spk_live_x_y");
        snippets.Select(s => s.Client).Should().Equal("curl", "OpenAI SDKs", "Anthropic SDKs", "Claude Code", "Codex CLI", "Gemini CLI");
        foreach (var snippet in snippets)
        {
            snippet.Text.Split("spk_live_x_y").Should().HaveCount(2, snippet.Client);
            snippet.Text.Should().Contain("https://spendra.acme.example");
        }
    }
}
