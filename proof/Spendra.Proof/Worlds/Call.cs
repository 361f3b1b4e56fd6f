using System.Text.Json;
using Spendra.Core.Money;

namespace Spendra.Proof.Worlds;

/// <summary>What callers ask for; together the kinds reach every seam of a gateway.</summary>
internal enum CallKind
{
    Chat,
    Stream,
    Embedding,
    /// <summary>A stored response; later ones fetch and delete it.</summary>
    Response,
    /// <summary>Goes on at the provider after it is answered; fetching it settles it.</summary>
    Background,
    Fetch,
    Delete,
    Upload,
    ListFiles,
    ListBatches,
    /// <summary>A chat that offers a tool which is left out, and written down.</summary>
    Stripped,
    /// <summary>The provider refuses before it works: released.</summary>
    ProviderRefuses,
    /// <summary>Carl's cap ends one day.</summary>
    Capped,
    /// <summary>Bob's cap never holds a call: refused.</summary>
    OverCap,
    /// <summary>An idempotency key that was used for another call and answered.</summary>
    Repeat,
    /// <summary>Dora's, while her rules change.</summary>
    Ruled,
}

/// <summary>One thing that a client wants done, whatever number of attempts it takes.</summary>
internal sealed record Call(string Id, CallKind Kind)
{
    /// <summary>The response or file that is fetched or deleted.</summary>
    public string? ObjectId { get; init; }

    /// <summary>The earlier call whose idempotency key is used again.</summary>
    public string? RepeatOf { get; init; }

    /// <summary>Dora's key, which may have been revoked.</summary>
    public string? Key { get; init; }

    /// <summary>Words of the answer; null: as many as the provider likes.</summary>
    public int? Tokens { get; init; }

    /// <summary>How the provider takes its time, in the words of the sandbox; null: it does not.</summary>
    public string? Pace { get; init; }

    /// <summary>Without an idempotency key: nobody will try it again.</summary>
    public bool IsSentOnce { get; init; }

    public string KeySlug => Kind switch
    {
        CallKind.Capped => Company.Carl,
        CallKind.OverCap => Company.Bob,
        CallKind.Ruled => Key!,
        _ => Company.Ada,
    };

    public HttpMethod Method => Kind switch
    {
        CallKind.Fetch or CallKind.ListFiles or CallKind.ListBatches => HttpMethod.Get,
        CallKind.Delete => HttpMethod.Delete,
        _ => HttpMethod.Post,
    };

    public string Path => Kind switch
    {
        CallKind.Embedding => "/v1/embeddings",
        CallKind.Response or CallKind.Background => "/v1/responses",
        CallKind.Fetch or CallKind.Delete => $"/v1/responses/{ObjectId}",
        CallKind.Upload or CallKind.ListFiles => "/v1/files",
        CallKind.ListBatches => "/v1/batches",
        _ => "/v1/chat/completions",
    };

    /// <summary>Uploads and readings have none.</summary>
    public string? IdempotencyKey => IsSentOnce || Method == HttpMethod.Get || Kind == CallKind.Upload ? null : RepeatOf ?? Id;

    /// <summary>What it costs when it is settled with the provider's usage; null when that is not one figure.</summary>
    public NanoUsd? ExactCost => Kind switch
    {
        CallKind.Chat or CallKind.Stream or CallKind.Response or CallKind.Background or CallKind.Capped or CallKind.Ruled or CallKind.Stripped =>
            Company.CallCost(Tokens ?? Company.OutputTokens),
        CallKind.Embedding => Company.EmbeddingCost,
        CallKind.Fetch or CallKind.Delete or CallKind.Upload => NanoUsd.Zero,
        _ => null,
    };

    /// <summary>The provider is asked to do something that it may bill, so at most once.</summary>
    public bool IsBilled => Kind is CallKind.Chat or CallKind.Stream or CallKind.Response or CallKind.Background
        or CallKind.Capped or CallKind.Ruled or CallKind.Embedding or CallKind.Repeat or CallKind.Stripped;

    /// <summary>Answered by the gateway alone.</summary>
    public bool IsListing => Kind is CallKind.ListFiles or CallKind.ListBatches;

    public HttpContent? Content() => Kind switch
    {
        CallKind.Fetch or CallKind.Delete or CallKind.ListFiles or CallKind.ListBatches => null,
        CallKind.Upload => File(),
        _ => new StringContent(Json(), System.Text.Encoding.UTF8, "application/json"),
    };

    private string Json() => Kind switch
    {
        CallKind.Embedding => JsonSerializer.Serialize(new { model = Company.EmbeddingModel, input = Company.Prompt }),
        CallKind.Response or CallKind.Background => JsonSerializer.Serialize(new
        {
            model = Company.Model, input = Company.Prompt, max_output_tokens = 32, background = Kind == CallKind.Background, store = true,
        }),
        CallKind.Stripped => JsonSerializer.Serialize(new
        {
            model = Company.Model,
            max_completion_tokens = 32,
            web_search_options = new { },
            messages = new[] { new { role = "user", content = Company.Prompt } },
        }),
        _ => JsonSerializer.Serialize(new
        {
            model = Company.Model,
            max_completion_tokens = 32,
            stream = Kind == CallKind.Stream,
            metadata = new { sandbox = Kind == CallKind.ProviderRefuses ? "status=429" : Tokens is { } tokens ? $"tokens={tokens}" : Pace ?? "" },
            messages = new[] { new { role = "user", content = Company.Prompt } },
        }),
    };

    private static MultipartFormDataContent File() => new()
    {
        { new StringContent("assistants"), "purpose" },
        { new ByteArrayContent([.. "some text"u8]), "file", "notes.txt" },
    };
}
