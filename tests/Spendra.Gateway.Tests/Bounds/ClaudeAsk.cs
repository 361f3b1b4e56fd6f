using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// A request of messages, and the most that it may be billed for by what Anthropic documents: a token for every byte of
/// what was written and a few around each message; an image 4,784; a document up to the context window, and one that is to be cited too, since nobody says what is added; where tools are
/// defined 804, and for its own the instructions of each; every use of a search or a fetch a further pass over the context.
/// </summary>
internal sealed record ClaudeAsk(
    string[] Texts, int Images, bool HasDocument, string[] Functions, bool HasBash, bool HasEditor, bool HasComputer, int Searches, int Fetches, int MaxTokens, bool IsHourLong, bool Cites = false)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly Gen<ClaudeAsk> Any =
        from texts in Shares.Texts(1)
        from parts in Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5], Gen.Bool)
        from functions in Shares.Texts(0)
        from tools in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool)
        from uses in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 2])
        from limit in Gen.Int[1, 32_000]
        select new ClaudeAsk(texts, parts.Item1, parts.Item2 == 0, functions, tools.Item1, tools.Item2, tools.Item3,
            uses.Item3 == 0 ? uses.Item1 : 0, uses.Item3 == 0 ? uses.Item2 : 0, limit, parts.Item3, parts.Item2 == 1);

    public int Passes => 1 + Searches + Fetches;

    /// <summary>The input of one pass.</summary>
    public long MostInput
    {
        get
        {
            if (HasDocument || Cites || Passes > 1) return BoundedExchange.Window;
            var texts = Texts.Sum(t => Encoding.UTF8.GetByteCount(t) + 3L) + 8;
            var functions = Functions.Select((f, i) => (long)Encoding.UTF8.GetByteCount(Function(f, i).ToJsonString(Plain))).Sum();
            var own = (HasBash ? 325 : 0) + (HasEditor ? 700 : 0) + (HasComputer ? 735 + 499 : 0);
            var presence = Functions.Length > 0 || own > 0 ? 804 : 0;
            return Math.Min(BoundedExchange.Window, texts + functions + own + presence + 4_784L * Images);
        }
    }

    public string Body(string model, string more = "")
    {
        var blocks = new JsonArray([.. Texts.Select(t => new JsonObject { ["type"] = "text", ["text"] = t })]);
        // A large area of one colour packs into a few bytes.
        for (var i = 0; i < Images; i++) blocks.Add(Data("image", "image/png", "AA=="));
        if (HasDocument) blocks.Add(Data("document", "application/pdf", "AAAA"));
        if (Cites)
        {
            blocks.Add(new JsonObject
            {
                ["type"] = "document", ["source"] = new JsonObject { ["type"] = "text", ["media_type"] = "text/plain", ["data"] = "A. A. A." },
                ["citations"] = new JsonObject { ["enabled"] = true },
            });
        }
        var tools = new JsonArray([.. Functions.Select(Function)]);
        if (HasBash) tools.Add(Tool("bash_20250124", "bash"));
        if (HasEditor) tools.Add(Tool("text_editor_20250728", "str_replace_based_edit_tool"));
        if (HasComputer) tools.Add(Tool("computer_20250124", "computer"));
        if (Searches > 0) tools.Add(Tool("web_search_20250305", "web_search", Searches));
        if (Fetches > 0) tools.Add(Tool("web_fetch_20250910", "web_fetch", Fetches));
        var body = new JsonObject { ["model"] = model, ["max_tokens"] = MaxTokens, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = blocks }) };
        if (tools.Count > 0) body["tools"] = tools;
        if (IsHourLong) body["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" };
        var text = body.ToJsonString(Plain);
        return more.Length == 0 ? text : "{" + more + "," + text[1..];
    }

    private static JsonObject Data(string type, string mediaType, string data) => new()
    {
        ["type"] = type, ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = mediaType, ["data"] = data },
    };

    private static JsonObject Tool(string type, string name, int uses = 0)
    {
        var tool = new JsonObject { ["type"] = type, ["name"] = name };
        if (uses > 0) tool["max_uses"] = uses;
        return tool;
    }

    private static JsonObject Function(string description, int which) => new()
    {
        ["name"] = $"f{which}", ["description"] = description, ["input_schema"] = new JsonObject { ["type"] = "object" },
    };
}
