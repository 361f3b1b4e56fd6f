using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Core.Governance;
using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>Vectors of any texts, at every door that sells them: a token for every byte of every text, and none for what comes out.</summary>
public sealed class EmbeddingWorstAnswerTests
{
    private const string Model = "emb-any";

    private static readonly (string Provider, string Name, string? Pattern)[] Doors =
    [
        ("openai", "embeddings", null), ("azure", "embeddings", "/embeddings"), ("azure", "embeddings", "/deployments/{model}/embeddings"),
        ("openrouter", "embeddings", null), ("google", "google.embeddings", null), ("google", "google.embed", null),
        ("google", "google.embed_batch", null), ("vertexai", "vertexai.embed", null),
    ];

    public static readonly IReadOnlyList<string> Covered = [.. Doors.Select(d => $"{d.Provider} {d.Name}")];

    [Fact]
    public void A_vector_is_covered() =>
        Gen.Select(Shares.Texts(1), Gen.Int[0, Doors.Length - 1], Shares.Any).Sample((texts, which, shares) =>
        {
            var (provider, name, pattern) = Doors[which];
            var route = Route(provider, name, pattern);
            var model = provider switch { "vertexai" => "google/" + Model, "azure" => "prod", _ => Model };
            var priced = provider == "azure" ? Model : model;
            // Google refuses an empty text, and takes one in a call that is no batch.
            var sent = name is "google.embed" or "vertexai.embed" ? texts[..1] : texts;
            var settings = provider == "azure" ? new AccountSettings { Deployments = AccountSettings.NoDeployments.Add("prod", Model) } : null;

            var (call, refusal) = Bound(route, Body(name, model, sent), Price(provider, priced), settings, route.NamesModel ? (provider == "azure" ? "prod" : Model) : null);

            refusal.Should().BeNull();
            var input = shares.OfInput(sent.Sum(t => Encoding.UTF8.GetByteCount(t) + 1L));
            ShouldCover(call, name.Contains("embed_batch", StringComparison.Ordinal) || name.EndsWith(".embed", StringComparison.Ordinal)
                ? $"{{\"usageMetadata\":{{\"promptTokenCount\":{input},\"totalTokenCount\":{input}}}}}"
                : $"{{\"object\":\"list\",\"data\":[],\"model\":\"{Model}\",\"usage\":{{\"prompt_tokens\":{input},\"total_tokens\":{input}}}}}");
        }, iter: 3_000);

    private static string Body(string name, string model, string[] texts)
    {
        static JsonObject Content(string text) => new() { ["parts"] = new JsonArray(new JsonObject { ["text"] = text }) };
        if (name.EndsWith(".embed", StringComparison.Ordinal)) return new JsonObject { ["content"] = Content(texts[0]) }.ToJsonString();
        if (name.EndsWith("embed_batch", StringComparison.Ordinal))
            return new JsonObject { ["requests"] = new JsonArray([.. texts.Select(t => new JsonObject { ["model"] = "models/" + model, ["content"] = Content(t) })]) }.ToJsonString();
        return new JsonObject { ["model"] = model, ["input"] = new JsonArray([.. texts.Select(t => JsonValue.Create(t))]) }.ToJsonString();
    }
}
