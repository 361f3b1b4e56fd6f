using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Gateway.Tests.Tokens;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// A request in one of OpenAI's formats, and the most that it may be billed for by what is documented of the format: a token
/// for every byte of what was written, 3 for each message, 3 for the answer's beginning and 19 around a function (OpenAI's
/// cookbook, "How to count tokens with tiktoken"); what stands outside of the request, up to the context window.
/// </summary>
internal sealed record OpenAiAsk(
    string[] Texts, string[] Functions, bool HasImage, bool HasPrevious, string? Tier, int? Limit, int? OldLimit, int Choices, string Prediction, bool IsEscaped, int Returned = 0)
{
    /// <summary>
    /// Items of an earlier answer that a client sends back: the provider may read what they do not bring along from where it
    /// keeps it, under their id; a picture is as large as its measures. The last one brings everything along.
    /// </summary>
    private static readonly string[] Items =
    [
        """{"type":"reasoning","id":"rs_1","summary":[]}""",
        """{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":""}""",
        """{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}""",
        """{"type":"image_generation_call","id":"ig_1","status":"completed","result":"AAAA"}""",
        """{"type":"code_interpreter_call","id":"ci_1","container_id":"cntr_1","code":"1","outputs":null}""",
        """{"type":"file_search_call","id":"fs_1","queries":["q"],"results":[]}""",
    ];

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Escaped = new() { Encoder = JavaScriptEncoder.Default };

    public static Gen<OpenAiAsk> Any(params string?[] tiers) =>
        from texts in Shares.Texts(1)
        from repeat in Gen.Int[1, 6]
        from functions in Shares.Texts(0)
        from flags in Gen.Select(Gen.Int[0, 5], Gen.Int[0, 5], Gen.Bool)
        from tier in Shares.OneOf(tiers)
        from limits in Gen.Select(Gen.Int[0, 3_000], Gen.Int[0, 3_000], Gen.Int[0, 3])
        from choices in Gen.Int[1, 4]
        from prediction in Prompts.Texts
        from returned in Gen.Int[0, 4 * Items.Length]
        select new OpenAiAsk(
            [.. texts.Select(t => string.Concat(Enumerable.Repeat(t, repeat)))], functions, flags.Item1 == 0, flags.Item2 == 0, tier,
            limits.Item3 is 0 or 2 ? limits.Item1 + 16 : null, limits.Item3 is 1 or 2 ? limits.Item2 + 16 : null,
            choices, prediction, flags.Item3, returned <= Items.Length ? returned : 0);

    /// <summary>What chat completions have of it.</summary>
    public OpenAiAsk OfChat() => this with { HasPrevious = false, Returned = 0 };

    /// <param name="model">The model.</param>
    /// <param name="namesModel">Whether the body does.</param>
    /// <param name="more">What else the body has.</param>
    public string Chat(string model, bool namesModel = true, Action<JsonObject>? more = null)
    {
        var body = new JsonObject { ["messages"] = Messages("image_url", new JsonObject { ["url"] = "https://example.com/a.png" }) };
        if (namesModel) body["model"] = model;
        if (Functions.Length > 0)
            body["tools"] = new JsonArray([.. Functions.Select((f, i) => new JsonObject { ["type"] = "function", ["function"] = Function(f, i) })]);
        if (Choices > 1) body["n"] = Choices;
        if (Prediction.Length > 0) body["prediction"] = new JsonObject { ["type"] = "content", ["content"] = Prediction };
        if (Limit is not null) body["max_completion_tokens"] = Limit;
        if (OldLimit is not null) body["max_tokens"] = OldLimit;
        return Finish(body, more);
    }

    public string Response(string model, Action<JsonObject>? more = null)
    {
        var body = new JsonObject { ["model"] = model, ["input"] = Messages("input_image", "https://example.com/a.png") };
        if (Functions.Length > 0)
        {
            body["tools"] = new JsonArray([.. Functions.Select((f, i) =>
            {
                var function = Function(f, i);
                function["type"] = "function";
                return function;
            })]);
        }
        if (Returned > 0) ((JsonArray)body["input"]!).Add(JsonNode.Parse(Items[Returned - 1]));
        if (HasPrevious) body["previous_response_id"] = "resp_1";
        if ((Limit ?? OldLimit) is { } limit) body["max_output_tokens"] = limit;
        return Finish(body, more);
    }

    /// <summary>The input of one pass.</summary>
    /// <param name="presence">What the provider adds where tools are defined.</param>
    public long MostInput(long presence = 0)
    {
        if (HasImage || HasPrevious || (Returned > 0 && Returned < Items.Length)) return BoundedExchange.Window;
        var texts = Texts.Sum(t => Encoding.UTF8.GetByteCount(t) + 3L) + 3;
        var functions = Functions.Select((f, i) => Encoding.UTF8.GetByteCount(Function(f, i).ToJsonString(Plain)) + 19L).Sum();
        return Math.Min(BoundedExchange.Window, texts + functions + (Functions.Length > 0 ? presence : 0));
    }

    /// <summary>
    /// The output of a body as it was sent, reasoning included: of two limits the provider may heed either, without one the
    /// model's own holds; rejected predictions come on top.
    /// </summary>
    /// <param name="sent">The body.</param>
    /// <param name="withoutLimit">What holds when it has none.</param>
    public static long MostOutput(JsonObject sent, long withoutLimit = BoundedExchange.MaxOutput)
    {
        long? limit = null;
        foreach (var name in (string[])["max_completion_tokens", "max_tokens", "max_output_tokens"])
        {
            if (sent[name] is { } number) limit = Math.Max(limit ?? 0, (long)number);
        }
        var predicted = sent["prediction"] is { } prediction ? Encoding.UTF8.GetByteCount((string)prediction["content"]!) : 0;
        return ((limit ?? withoutLimit) + predicted) * ((int?)sent["n"] ?? 1);
    }

    /// <summary>A usage in the words of chat completions, or of responses; cached and written tokens are inside the input.</summary>
    public static string Usage(bool isChat, long input, long output, Shares shares, string more = "")
    {
        var (into, from) = isChat ? ("prompt", "completion") : ("input", "output");
        var (cached, written) = Cached(input, shares);
        return $"\"usage\":{{\"{into}_tokens\":{input},\"{from}_tokens\":{output},\"total_tokens\":{input + output},"
            + $"\"{into}_tokens_details\":{{\"cached_tokens\":{cached},\"cache_write_tokens\":{written}}},"
            + $"\"{from}_tokens_details\":{{\"reasoning_tokens\":{shares.Of(output, 3)}}}{more}}}";
    }

    public static (long Cached, long Written) Cached(long input, Shares shares)
    {
        var cached = shares.Is(5) ? 0 : shares.Of(input, 1);
        return (cached, shares.Of(input - cached, 2));
    }

    private string Finish(JsonObject body, Action<JsonObject>? more)
    {
        if (Tier is not null) body["service_tier"] = Tier;
        more?.Invoke(body);
        return body.ToJsonString(IsEscaped ? Escaped : Plain);
    }

    private JsonArray Messages(string image, JsonNode address)
    {
        var messages = new JsonArray([.. Texts.Select(t => new JsonObject { ["role"] = "user", ["content"] = t })]);
        if (HasImage) messages.Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = image, ["image_url"] = address }) });
        return messages;
    }

    private static JsonObject Function(string description, int which) => new()
    {
        ["name"] = $"f{which}", ["description"] = description,
        ["parameters"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["city"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("a", "b") } } },
    };
}
