using System.Collections.Immutable;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Requests;

/// <summary>An id inside a request that names something at the provider.</summary>
internal readonly record struct ObjectReference(ObjectKind Kind, string ObjectId);

/// <summary>A span of the request body, in bytes.</summary>
internal readonly record struct ByteSpan(int Start, int Length)
{
    public int End => Start + Length;

    public bool IsEmpty => Length == 0;
}

/// <summary>A tool that the provider runs by itself, as often as the request allows.</summary>
/// <param name="Tool">The name in a key's tool scope.</param>
/// <param name="Max">How often at most, or null when the request does not say.</param>
/// <param name="Span">Where the limit stands, or, when empty, where one is to be put.</param>
internal readonly record struct ToolUse(string Tool, long? Max, ByteSpan Span)
{
    /// <summary>What each use is charged as beside its tokens, or null.</summary>
    public UnitClass? Fee { get; init; }
}

/// <summary>
/// What governance needs to know of a request, taken in one pass over its bytes. Nothing of the content is kept.
/// </summary>
internal sealed class RequestFacts
{
    public string Model { get; set; } = "";

    public bool IsStream { get; set; }

    /// <summary>The client asked for the usage chunk of a chat stream itself.</summary>
    public bool WantsUsageChunk { get; set; }

    /// <summary>Output tokens per choice that the client asked for at most, or null.</summary>
    public long? OutputLimit { get; set; }

    /// <summary>Where the numbers of all output limits stand, so that they can be clamped.</summary>
    public List<ByteSpan> OutputLimitSpans { get; } = [];

    public int Choices { get; set; } = 1;

    /// <summary>Bytes of predicted output: rejected ones are billed as output on top of what is produced.</summary>
    public long PredictionBytes { get; set; }

    /// <summary>
    /// The request names content that its bytes do not show (files, images, earlier responses): its input is
    /// bounded by the model's context window instead.
    /// </summary>
    public bool HasUnseenContent { get; set; }

    /// <summary>OpenAI's dialect: images that have a ceiling by the model, in the order of the body. Others are unseen content.</summary>
    public List<InputImage> Images { get; } = [];

    /// <summary>
    /// Some of the content stands behind an address. Whoever owns that may answer a provider that counts otherwise than one
    /// that serves, so that no count of it bounds the call.
    /// </summary>
    public bool HasContentElsewhere { get; set; }

    /// <summary>The most tokens of content in the body that a provider's count may tell too low.</summary>
    public long TokensBesideCount { get; set; }

    /// <summary>The tools that the provider runs, by their names in a key's tool scope.</summary>
    public ImmutableArray<string> Tools { get; set; } = [];

    /// <summary>OpenAI's dialect: there are tools, whoever runs them.</summary>
    public bool DefinesTools { get; set; }

    /// <summary>Those of <see cref="Tools"/> whose uses the request can limit. Every use is a further pass over the context.</summary>
    public List<ToolUse> ToolUses { get; } = [];

    /// <summary>One limit holds for all of <see cref="ToolUses"/> together, in place of one for each.</summary>
    public bool SharesToolLimit { get; set; }

    /// <summary>That limit, or null when the request does not say.</summary>
    public long? ToolLimit { get; set; }

    /// <summary>Where its number stands, or empty.</summary>
    public ByteSpan ToolLimitSpan { get; set; }

    /// <summary>The output limit holds for all passes together, in place of each.</summary>
    public bool LimitsOutputOfAllPasses { get; set; }

    /// <summary>What a web search of the kind that the request offers is charged as, or null.</summary>
    public UnitClass? SearchFee { get; set; }

    /// <summary>Searches that the provider makes whatever the answer says: it does not tell them.</summary>
    public long UntoldSearches { get; set; }

    /// <summary>The size of the containers in which code may run, in gigabytes: what a session of one costs.</summary>
    public long ContainerGigabytes { get; set; }

    /// <summary>The images that a tool of the provider's may make, or null.</summary>
    public ImageToolFacts? ImageTool { get; set; }

    /// <summary>The stores of the provider that a tool may search.</summary>
    public List<string> VectorStores { get; } = [];

    /// <summary>Those of <see cref="Tools"/> whose uses it cannot, and whose whole cost is bounded by the other facts.</summary>
    public ImmutableArray<string> BoundedTools { get; set; } = [];

    /// <summary>The context that the request may fill, when it asks for more than the model has by itself.</summary>
    public long? ContextWindowAsked { get; set; }

    /// <summary>The request costs nothing, although others on its route do.</summary>
    public bool IsFree { get; set; }

    /// <summary>The tier that was asked for, in the words of <see cref="PriceVersion.TierPercents"/>.</summary>
    public string? ServiceTier { get; set; }

    public ByteSpan ServiceTierSpan { get; set; }

    /// <summary>What the request asks for that multiplies the rates beside the service tier; each must have a price.</summary>
    public ImmutableArray<string> AskedTiers { get; set; } = [];

    /// <summary>What may multiply the rates without being asked for, where the price book has a multiplier for it.</summary>
    public ImmutableArray<string> PossibleTiers { get; set; } = [];

    /// <summary>How fast and where Anthropic was asked to serve the request, or null.</summary>
    public string? Speed { get; set; }

    public string? InferenceGeo { get; set; }

    public ByteSpan StreamOptionsSpan { get; set; }

    /// <summary>How many members the client's stream options have.</summary>
    public int StreamOptionsMembers { get; set; }

    public ByteSpan IncludeUsageSpan { get; set; }

    public bool IsBackground { get; set; }

    /// <summary>Whether the provider keeps the response under an id.</summary>
    public bool IsStored { get; set; } = true;

    public List<ObjectReference> References { get; } = [];

    /// <summary>
    /// Tokens that a provider puts around a request whatever its length (the documented figures of plain requests are
    /// below 20), and what content that is not text has more, or fewer, than bytes.
    /// </summary>
    public long TokensAdded { get; set; } = 64;

    /// <summary>What the tokens of the request may be besides text.</summary>
    public TokenKinds Kinds { get; set; }

    /// <summary>What its content may be besides text: it counts where the price book has a rate for that.</summary>
    public TokenKinds ContentKinds { get; set; }

    /// <summary>The request leaves it to the model whether its output is text, sound or images.</summary>
    public bool IsOutputKindOpen { get; set; }

    /// <summary>The most units of each class that is priced by the piece.</summary>
    public UnitMap<long> Pieces { get; set; }

    /// <summary>
    /// The most units of classes that some models of a route are billed by and others are not: they count where the price
    /// book has a rate for them.
    /// </summary>
    public UnitMap<long> PiecesWherePriced { get; set; }

    /// <summary>Units of tools whose uses the provider's API cannot limit: a configured allowance bounds them.</summary>
    public ImmutableArray<UnitClass> UncountedUnits { get; set; } = [];

    /// <summary>Why the request cannot be priced, or null: content or features whose cost has no known bound.</summary>
    public string? Unpriceable { get; set; }

    /// <summary>Bytes of the body; of a form those of its fields that are text.</summary>
    public int BodyBytes { get; set; }

    /// <summary>The body as a form, when it is one.</summary>
    public Form? Form { get; set; }

    /// <summary>What the request asks for besides text, on the routes for pictures and sound.</summary>
    public MediaFacts? Media { get; set; }

    /// <summary>Where the object stands in which the output limit belongs, when that is not the body itself.</summary>
    public ByteSpan OutputConfigSpan { get; set; }

    public bool HasOutputConfigMembers { get; set; }

    /// <summary>Where the closing brace of the body stands.</summary>
    public int ClosingBrace { get; set; }
}

/// <summary>Why a request body cannot be governed: what is wrong and the parameter it concerns.</summary>
internal sealed record RequestFault(string Message, string? Parameter = null)
{
    public static readonly RequestFault NotUtf8 = new("The request body is not valid UTF-8.");

    public static readonly RequestFault NotUnicode = new("The request body has a text that is not valid Unicode: half of a surrogate pair.");

    public static readonly RequestFault NotAnObject = new("The request body must be a JSON object.");

    public static readonly RequestFault MoreAfterTheEnd = new("There is more after the end of the JSON object.");

    public static RequestFault NotJson(System.Text.Json.JsonException e, int maxDepth) => new(
        $"The request body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}, at most {maxDepth} levels deep).");
}
