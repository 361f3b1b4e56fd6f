using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Requests;

/// <summary>How a route's body is taken in.</summary>
internal enum BodyIntake
{
    /// <summary>Nothing is read or sent.</summary>
    None,
    /// <summary>JSON that is held and read before it is decided upon.</summary>
    Governed,
    /// <summary>Bytes that stream through unread.</summary>
    Streamed,
}

/// <summary>
/// A route that reaches a provider. Every one of them makes a reservation first; those that cost nothing make one of
/// zero, so that no route goes around keys, epochs and the ledger.
/// </summary>
internal sealed record GovernedRoute(string Name, string Method, string Pattern)
{
    public BodyIntake Intake { get; init; }

    public OpenAiBody Body { get; init; }

    /// <summary>The call costs money: it needs a price and a bound.</summary>
    public bool IsPriced { get; init; }

    /// <summary>The call produces output tokens (embeddings do not).</summary>
    public bool HasOutput { get; init; }

    /// <summary>What kind of object the call makes at the provider, or null.</summary>
    public ObjectKind? Makes { get; init; }

    /// <summary>What kind of object <c>{id}</c> in the pattern names, or null.</summary>
    public ObjectKind? Names { get; init; }

    /// <summary>The call deletes the object that it names.</summary>
    public bool Deletes { get; init; }

    /// <summary>The response may carry the usage of an earlier background response.</summary>
    public bool MaySettleBackground { get; init; }

    /// <summary>Every governed route below the version prefix, in the order in which they are mapped.</summary>
    public static readonly GovernedRoute[] All =
    [
        new("chat.completions", "POST", "/chat/completions") { Intake = BodyIntake.Governed, Body = OpenAiBody.Chat, IsPriced = true, HasOutput = true },
        new("responses", "POST", "/responses") { Intake = BodyIntake.Governed, Body = OpenAiBody.Responses, IsPriced = true, HasOutput = true, Makes = ObjectKind.Response },
        new("embeddings", "POST", "/embeddings") { Intake = BodyIntake.Governed, Body = OpenAiBody.Embeddings, IsPriced = true },
        new("responses.input_tokens", "POST", "/responses/input_tokens") { Intake = BodyIntake.Governed, Body = OpenAiBody.Responses },
        new("responses.get", "GET", "/responses/{id}") { Body = OpenAiBody.Responses, Names = ObjectKind.Response, MaySettleBackground = true },
        new("responses.delete", "DELETE", "/responses/{id}") { Names = ObjectKind.Response, Deletes = true },
        new("responses.cancel", "POST", "/responses/{id}/cancel") { Names = ObjectKind.Response, MaySettleBackground = true },
        new("responses.input_items", "GET", "/responses/{id}/input_items") { Names = ObjectKind.Response },
        new("files.create", "POST", "/files") { Intake = BodyIntake.Streamed, Makes = ObjectKind.File },
        new("files.get", "GET", "/files/{id}") { Names = ObjectKind.File },
        new("files.content", "GET", "/files/{id}/content") { Names = ObjectKind.File },
        new("files.delete", "DELETE", "/files/{id}") { Names = ObjectKind.File, Deletes = true },
    ];
}
