using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Gateway.Tests.Claude;
using Spendra.Sandbox;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>
/// Requests of every provider with texts of every script, through a whole gateway, whose provider reports what it counts:
/// OpenAI's by the tokenizer and the overhead that OpenAI documents, those of Azure and OpenRouter by the byte, with tiers
/// and predictions, the others' by the simulated provider's own rule, by which it also counts when it is asked. Whatever
/// bound a request was admitted with covers what it is settled at. The worst answers that providers may give are in
/// the tests of <c>Bounds</c>.
/// </summary>
public sealed class WholeBoundTests
{
    private const string OpenAiModel = "gpt-4.1-mini";

    private sealed record Sent(string Path, JsonObject Body, string Key);

    private static readonly Gen<Sent> Requests =
        from texts in Prompts.Texts.Array[1, 5]
        from repeat in Gen.Int[1, 8]
        from kind in Gen.Int[0, 9]
        from key in Gen.Int[0, 1]
        from flags in Gen.Select(Gen.Int[0, 5], Gen.Bool)
        from tiers in Gen.Select(Gen.Int[0, 3], Gen.Bool)
        let slug = key == 0 ? "k1" : "tight"
        select kind >= 8
            ? Tiered(kind, texts, slug, tiers.Item1, tiers.Item2)
            : Of(kind, [.. texts.Select(t => string.Concat(Enumerable.Repeat(t, repeat)))], slug, hasImage: flags.Item1 == 0, hasTool: flags.Item2);

    [Fact]
    public async Task Nothing_is_settled_above_the_bound_it_was_admitted_with()
    {
        var rules = ClaudeRules.Of(GeminiBodies.Of(Formats.Rules() with { Cap = "100000" }));
        await using var company = await Company.StartAsync(rules with
        {
            Prices =
            [
                .. rules.Prices, $"{{provider: openai, model: {OpenAiModel}, {Rules.Rates}, contextWindow: 100000}}",
                "{provider: openai, model: text-embedding-3-small, inputUsdPerMillion: \"1\", outputUsdPerMillion: \"0\"}",
            ],
            // What does not fit this limit by its bytes may fit when it is counted.
            Keys = ["{slug: k1, actor: employee/e1}", "{slug: tight, actor: employee/e1, maxRequestUsd: \"0.0004\"}"],
        }, provider: Formats.Provider);

        await Requests.SampleAsync(async sent =>
        {
            var answer = await company.PostAsync(sent.Path, Write(sent.Body), sent.Key);
            if (answer.Status != 200) answer.ShouldBe(403, "request_limit_exceeded");
        }, iter: 500, threads: 4);

        var books = await company.SettledAsync();
        books.Paid.Where(e => e.CostNanos > e.ReservedNanos).Should().BeEmpty();
        books.Excesses.Should().BeEmpty();
        books.Events.Should().OnlyContain(e => !e.IsEstimated && e.CostNanos <= e.ReservedNanos);
        var bases = books.Paid.Select(e => e.BoundOthers is null ? "bytes" : (string?)JsonNode.Parse(e.BoundOthers)!["basis"] ?? "bytes").Distinct();
        bases.Should().BeEquivalentTo("bytes", "context_window", "tokenizer", "counted");
        books.Paid.Select(e => e.Provider).Distinct().Should().BeEquivalentTo("openai", "anthropic", "google", "vertexai", "azure", "openrouter");
    }

    private static Sent Of(int kind, string[] texts, string key, bool hasImage, bool hasTool) => kind switch
    {
        0 or 1 => new("chat/completions", Chat(texts, hasImage, hasTool, isStream: kind == 1), key),
        2 => new("responses", Response(texts, hasImage), key),
        3 => new("embeddings", Embedding(texts), key),
        4 or 5 => new("messages", Message(texts, hasImage, hasTool, isStream: kind == 5), key),
        6 => new("/v1beta/models/g1:generateContent", Contents(texts, hasImage), key),
        _ => new("/v1/providers/vertexai/publishers/google/models/g1:streamGenerateContent?alt=sse", Contents(texts, hasImage), key),
    };

    private static JsonObject Chat(string[] texts, bool hasImage, bool hasTool, bool isStream)
    {
        Reckoning.Function[] functions = hasTool ? [new("find", texts[0], [new("city", texts[^1], ["a", "b"])])] : [];
        var tokens = Reckoning.O200K.Chat(texts.Select(t => new Reckoning.Message("user", t, null)), functions);
        var body = new JsonObject
        {
            ["model"] = OpenAiModel, ["max_completion_tokens"] = 16, ["stream"] = isStream,
            ["metadata"] = Reports(hasImage ? 100_000 : tokens),
            ["messages"] = new JsonArray([.. texts.Select(t => new JsonObject { ["role"] = "user", ["content"] = t })]),
        };
        if (hasImage) ((JsonArray)body["messages"]!).Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = "https://example.com/a.png" } }) });
        if (hasTool)
        {
            body["tools"] = new JsonArray(new JsonObject
            {
                ["type"] = "function",
                ["function"] = new JsonObject
                {
                    ["name"] = "find", ["description"] = texts[0],
                    ["parameters"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["city"] = new JsonObject { ["type"] = "string", ["description"] = texts[^1], ["enum"] = new JsonArray("a", "b") } } },
                },
            });
        }
        return body;
    }

    /// <summary>Azure's regional host, or OpenRouter's: a tier that is asked for and may be short, and predicted output that is rejected.</summary>
    private static Sent Tiered(int kind, string[] texts, string key, int tier, bool isShort)
    {
        var (asked, percent) = tier switch { 0 => ((string?)null, 100), 1 => ("default", 100), 2 => ("flex", 50), _ => ("priority", 200) };
        var input = texts.Sum(t => Encoding.UTF8.GetByteCount(t) + 3L) + 3;
        var output = 16L + Encoding.UTF8.GetByteCount(texts[^1]);
        var served = asked is null || isShort ? "default" : asked;
        var body = new JsonObject
        {
            ["model"] = kind == 8 ? Formats.TieredDeployment : "maker/m-tiers", ["max_tokens"] = 16,
            ["prediction"] = new JsonObject { ["type"] = "content", ["content"] = texts[^1] },
            ["messages"] = new JsonArray([.. texts.Select(t => new JsonObject { ["role"] = "user", ["content"] = t })]),
        };
        if (asked is not null) body["service_tier"] = asked;
        // OpenRouter bills at the maximum that it was given, by the tier that served.
        var cost = (1_000 * input + 2_000 * output) * (served == "default" ? 100 : percent) / 100 / 1_000_000_000m;
        body["metadata"] = new JsonObject
        {
            ["sandbox"] = string.Create(CultureInfo.InvariantCulture, $"input_tokens={input} output_tokens={output} service_tier={served}{(kind == 8 ? "" : $" cost={cost}")}"),
        };
        return new(kind == 8 ? "/openai/v1/chat/completions" : "/v1/providers/openrouter/chat/completions", body, key);
    }

    private static JsonObject Response(string[] texts, bool hasImage)
    {
        var tokens = Reckoning.O200K.Chat(texts.Select(t => new Reckoning.Message("user", t, null)), []);
        var body = new JsonObject
        {
            ["model"] = OpenAiModel, ["max_output_tokens"] = 16,
            ["input"] = new JsonArray([.. texts.Select(t => new JsonObject { ["role"] = "user", ["content"] = t })]),
        };
        // With an image it is counted by the provider, which reports by the rule by which it counts.
        if (!hasImage) body["metadata"] = Reports(tokens);
        if (hasImage) ((JsonArray)body["input"]!).Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "input_image", ["image_url"] = "data:image/png;base64,AAAA" }) });
        return body;
    }

    private static JsonObject Embedding(string[] texts) => new()
    {
        ["model"] = "text-embedding-3-small", ["input"] = new JsonArray([.. texts.Select(t => JsonValue.Create("." + t))]),
        ["metadata"] = Reports(texts.Sum(t => Reckoning.Cl100K.Tokens("." + t))),
    };

    private static JsonObject Message(string[] texts, bool hasImage, bool hasTool, bool isStream)
    {
        var blocks = new JsonArray([.. texts.Select(t => new JsonObject { ["type"] = "text", ["text"] = t })]);
        if (hasImage) blocks.Add(new JsonObject { ["type"] = "image", ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = "image/png", ["data"] = "AAAA" } });
        var body = new JsonObject
        {
            ["model"] = ClaudeRules.Model, ["max_tokens"] = 16, ["stream"] = isStream,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = blocks }),
        };
        if (hasTool) body["tools"] = new JsonArray(new JsonObject { ["name"] = "find", ["description"] = texts[0], ["input_schema"] = new JsonObject { ["type"] = "object" } });
        return body;
    }

    private static JsonObject Contents(string[] texts, bool hasImage)
    {
        var parts = new JsonArray([.. texts.Select(t => new JsonObject { ["text"] = t })]);
        if (hasImage) parts.Add(new JsonObject { ["inlineData"] = new JsonObject { ["mimeType"] = "image/png", ["data"] = "AAAA" } });
        return new JsonObject
        {
            // The model's window is 1,000 tokens, and the provider refuses what is larger: what it reports is within.
            ["contents"] = new JsonArray(new JsonObject { ["role"] = "user", ["parts"] = parts }),
            ["generationConfig"] = new JsonObject { ["maxOutputTokens"] = 16 },
            ["labels"] = new JsonObject { ["sandbox"] = $"input_tokens={Math.Min(1_000, SandboxUsage.InputTokens(string.Concat(texts)))}" },
        };
    }

    private static JsonObject Reports(long tokens) => new() { ["sandbox"] = $"input_tokens={tokens}" };

    private static string Write(JsonObject body) =>
        body.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
