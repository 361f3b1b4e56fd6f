namespace Spendra.Control.Keys;

/// <summary>What to paste for one client.</summary>
/// <param name="Client">As its makers call it.</param>
/// <param name="Text">Works as it stands.</param>
internal sealed record KeySnippet(string Client, string Text)
{
    public const string Placeholder = "spk_live_…";

    /// <summary>For every client that is known to work.</summary>
    /// <param name="root">Of the gateway, without a slash at its end.</param>
    /// <param name="secret">Or a placeholder.</param>
    public static IReadOnlyList<KeySnippet> All(string root, string secret) =>
    [
        new("curl", $$"""
            curl {{root}}/v1/chat/completions \
              -H 'Authorization: Bearer {{secret}}' \
              -H 'Content-Type: application/json' \
              -d '{"model":"gpt-5.4-mini","messages":[{"role":"user","content":"Hello"}]}'
            """),
        new("OpenAI SDKs", $"""
            export OPENAI_BASE_URL={root}/v1
            export OPENAI_API_KEY={secret}
            """),
        new("Anthropic SDKs", $"""
            export ANTHROPIC_BASE_URL={root}
            export ANTHROPIC_API_KEY={secret}
            """),
        new("Claude Code", $"""
            export ANTHROPIC_BASE_URL={root}
            export ANTHROPIC_AUTH_TOKEN={secret}
            claude
            """),
        new("Codex CLI", $"""
            export SPENDRA_KEY={secret}
            codex -c 'model_provider="spendra"' \
              -c 'model_providers.spendra={'{'}name="Spendra",base_url="{root}/v1",env_key="SPENDRA_KEY",wire_api="responses"{'}'}'
            """),
        new("Gemini CLI", $"""
            export GOOGLE_GEMINI_BASE_URL={root}
            export GEMINI_API_KEY={secret}
            gemini
            """),
    ];
}
