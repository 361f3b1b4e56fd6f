using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Fields;

namespace Spendra.Sandbox.Calls;

/// <summary>What the sandbox needs to know of a JSON body. Filled by <see cref="ModelCallReader"/>, then only read.</summary>
internal sealed class ModelCall
{
    public string? Model { get; set; }

    /// <summary>The model behind <see cref="Model"/>, when that is only a name for it.</summary>
    public string? ServedModel { get; set; }
    public bool Stream { get; set; }
    public bool IncludeUsage { get; set; }
    public long? OutputLimit { get; set; }
    public int Choices { get; set; } = 1;
    public string? ServiceTier { get; set; }
    public bool Store { get; set; } = true;
    public bool Background { get; set; }
    public string? PreviousResponseId { get; set; }
    public string? Instructions { get; set; }

    public bool HasInput { get; set; }
    public long TextBytes { get; set; }
    public int Messages { get; set; }

    /// <summary>Inputs of an embeddings call; each gets a vector.</summary>
    public int Inputs { get; set; }

    /// <summary>Token ids that an embeddings call sent instead of text.</summary>
    public long TokenIds { get; set; }
    public int? Dimensions { get; set; }
    public bool WantsBase64 { get; set; }

    /// <summary>The raw JSON of <c>input</c>; empty unless the response is stored.</summary>
    public byte[] InputJson { get; set; } = [];

    /// <summary>The raw JSON of <c>metadata</c>; empty when there is none.</summary>
    public byte[] MetadataJson { get; set; } = [];

    /// <summary>The raw JSON of a response's <c>tools</c>; empty when there are none.</summary>
    public byte[] ToolsJson { get; set; } = [];

    public Knobs Knobs { get; set; } = Knobs.None;

    /// <summary>Chat: the call sets <c>web_search_options</c>.</summary>
    public bool WantsWebSearch { get; set; }

    /// <summary>Chat: the first function that the client offers.</summary>
    public string? ClientTool { get; set; }

    /// <summary>How often that function is called.</summary>
    public int ToolCalls => ClientTool is null ? 0 : Knobs.ToolCalls;

    /// <summary>How many server-side tool calls a response may make; <see langword="null"/> is no limit.</summary>
    public long? MaxToolCalls { get; set; }

    /// <summary>The fields of a body that is no chat, response or embedding.</summary>
    public RequestFields? Fields { get; set; }

    public string ReportedModel => Knobs.Model ?? ServedModel ?? Model ?? "";

    /// <summary><c>auto</c> is the project's setting; in the sandbox that is <c>default</c>.</summary>
    public string ReportedTier => Knobs.ServiceTier ?? (ServiceTier is null or "auto" ? "default" : ServiceTier);

    public int WordsOfChoice => SandboxUsage.TokensOfChoice(OutputLimit, Knobs.Tokens, Knobs.IgnoreLimit);

    public string FinishReason => Knobs.Filtered is FilteredPart.Output ? "content_filter" : IsCut ? "length" : ToolCalls > 0 ? "tool_calls" : "stop";

    public bool IsCut => !Knobs.IgnoreLimit && (Knobs.Tokens ?? SandboxUsage.DefaultOutputTokens) > OutputLimit;
}
