using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>What a request in Google's format brings besides text.</summary>
internal enum GeminiPart
{
    None,
    Image,
    Sound,
    Video,
    Document,
}

/// <summary>
/// A request in Google's format, and the most that it may be billed for by what Google documents: a token for every byte of
/// text; an image inside the body 4,386 (17 tiles of 258); sound, video, documents and what tools fetch, up to the context
/// window, prompt and tools together; output and thoughts of each candidate up to <c>maxOutputTokens</c>.
/// </summary>
internal sealed record GeminiAsk(
    string[] Texts, GeminiPart Part, string? Tier, int? Limit, int Candidates, bool Searches, bool ReadsUrls, bool RunsCode, string? Modality)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly Gen<GeminiAsk> Any =
        from texts in Shares.Texts(1)
        from repeat in Gen.Int[1, 6]
        from part in Gen.Int[0, 8]
        from tier in Shares.OneOf(null, "SERVICE_TIER_UNSPECIFIED", "standard", "flex", "priority")
        from limits in Gen.Select(Gen.Int[0, 5_000], Gen.Int[1, 4])
        from tools in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3])
        from modality in Shares.OneOf(null, "TEXT", "IMAGE")
        select new GeminiAsk([.. texts.Select(t => string.Concat(Enumerable.Repeat(t, repeat)))], part <= 4 ? (GeminiPart)part : GeminiPart.None, tier,
            limits.Item1 == 0 ? null : limits.Item1, limits.Item2, tools.Item1 == 0, tools.Item2 == 0, tools.Item3 == 0, modality);

    public bool UsesTools => Searches || ReadsUrls || RunsCode;

    public bool MayDraw => Modality != "TEXT";

    /// <summary>The prompt alone.</summary>
    public long MostPrompt => Part is GeminiPart.None or GeminiPart.Image
        ? Math.Min(BoundedExchange.Window, Texts.Sum(t => (long)Encoding.UTF8.GetByteCount(t)) + (Part == GeminiPart.Image ? 17 * 258 : 0) + 16)
        : BoundedExchange.Window;

    /// <summary>The kinds of token that the part may be billed as.</summary>
    public IReadOnlyList<string> Kinds => Part switch
    {
        GeminiPart.Image => ["IMAGE"],
        GeminiPart.Sound => ["AUDIO"],
        GeminiPart.Video => ["VIDEO", "AUDIO"],
        GeminiPart.Document => ["DOCUMENT"],
        _ => [],
    };

    public string Body()
    {
        var parts = new JsonArray([.. Texts.Select(t => new JsonObject { ["text"] = t })]);
        if (Part is not GeminiPart.None)
        {
            var type = Part switch { GeminiPart.Image => "image/png", GeminiPart.Sound => "audio/mp3", GeminiPart.Video => "video/mp4", _ => "application/pdf" };
            parts.Add(new JsonObject { ["inlineData"] = new JsonObject { ["mimeType"] = type, ["data"] = "AAAA" } });
        }
        var config = new JsonObject { ["candidateCount"] = Candidates };
        if (Limit is not null) config["maxOutputTokens"] = Limit;
        if (Modality is not null) config["responseModalities"] = new JsonArray([.. (Modality == "IMAGE" ? "TEXT,IMAGE" : "TEXT").Split(',').Select(m => JsonValue.Create(m))]);
        var tools = new JsonArray();
        if (Searches) tools.Add(new JsonObject { ["googleSearch"] = new JsonObject() });
        if (ReadsUrls) tools.Add(new JsonObject { ["url_context"] = new JsonObject() });
        if (RunsCode) tools.Add(new JsonObject { ["codeExecution"] = new JsonObject() });
        var body = new JsonObject { ["contents"] = new JsonArray(new JsonObject { ["role"] = "user", ["parts"] = parts }), ["generationConfig"] = config };
        if (tools.Count > 0) body["tools"] = tools;
        if (Tier is not null) body["serviceTier"] = Tier;
        return body.ToJsonString(Plain);
    }
}
