using System.Text.Json;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Members that make the provider do more than the one pass over the body that is bounded. They are known by name: a
/// provider may add others at any time, and what nobody here knows passes.
/// </summary>
internal ref partial struct OpenAiRequestReader
{
    /// <summary>Foundry, Azure's home of agents.</summary>
    private const string StoredAgent = "a stored agent's instructions and tools cannot be seen here";

    /// <summary>Azure OpenAI On Your Data: what is found is read by every pass, after a pass that works out what to look for.</summary>
    private const string SearchedDocuments = "documents that the provider would search have no bound, and their index may be somebody else's";

    /// <summary>
    /// OpenAI's agents: each has a context of its own and as many passes as it likes, and starts others
    /// (openai-openapi, BetaMultiAgentParam: no limit on depth or number).
    /// </summary>
    private void ReadMultiAgent()
    {
        var start = _json;
        var isOff = _json.TokenType == JsonTokenType.Null
            || (_json.TokenType == JsonTokenType.StartObject && Enter("enabled"u8, "multi_agent") && _json.TokenType == JsonTokenType.False);
        _json = start;
        _json.Skip();
        if (!isOff) Refuse("agents that the provider starts make passes of their own, which nothing limits");
    }
}
