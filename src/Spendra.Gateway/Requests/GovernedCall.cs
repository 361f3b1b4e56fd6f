using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Telemetry;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Requests;

/// <summary>One request on its way through the steps, with what each step found out.</summary>
internal sealed class GovernedCall(HttpContext context, GovernedRoute route, Guid requestId)
{
    public HttpContext Context { get; } = context;

    public GovernedRoute Route { get; } = route;

    public Guid RequestId { get; } = requestId;

    /// <summary>How it ended, where that does not follow from what is answered; otherwise null.</summary>
    public RequestOutcome? Outcome { get; set; }

    // Step 1
    public KeyToken Token { get; set; } = null!;

    /// <summary>The digest of the token's secret, as rows have it.</summary>
    public byte[] SecretDigest { get; set; } = [];

    /// <summary>Known as soon as the key is, also when the key is refused.</summary>
    public GovernanceSnapshot Snapshot { get; set; } = null!;

    public bool IsRefusalKept { get; set; }

    public KeyStanding Standing { get; set; } = null!;

    /// <summary>Test keys reach only the sandbox and never spend money.</summary>
    public bool IsTest => Token.Mode == KeyMode.Test;

    public TakenPlaces Places { get; set; } = null!;

    // Step 2
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>The body as the client wrote it, when tools were left out of <see cref="Body"/>; otherwise null.</summary>
    public ReadOnlyMemory<byte>? BodyAsWritten { get; set; }

    /// <summary>The tools that were left out.</summary>
    public ImmutableArray<StrippedTool> StrippedTools { get; set; } = [];

    public RequestFacts Facts { get; set; } = new();

    /// <summary>The message to a server of tools that the body is, or null.</summary>
    public McpMessage? Message { get; set; }

    /// <summary>What a request for a batch names and what its input file asks for, or null.</summary>
    public BatchInput? Batch { get; set; }

    /// <summary>The id in the path, or null.</summary>
    public string? NamedObjectId { get; set; }

    /// <summary>The reservation that made the named object: what a background response is settled through.</summary>
    public Guid? NamedObjectReservation { get; set; }

    /// <summary>The provider account at which the objects that the request names live, or null when it names none.</summary>
    public Guid? ObjectAccountId { get; set; }

    public IdempotencyClaim? Idempotency { get; set; }

    // Steps 3 to 5

    /// <summary>The instant of the decision, which chose prices and windows. Microseconds since the Unix epoch.</summary>
    public long DecidedAt { get; set; }

    public RequestShape Shape { get; set; }

    public ProviderAccount? Account { get; set; }

    /// <summary>False when the account does not know what the request's model is: then it has no price.</summary>
    public bool IsModelKnown { get; set; } = true;

    public PriceVersion? Price { get; set; }

    public int TierPercent { get; set; } = Cost.DefaultTierPercent;

    public UnitBound Bound { get; set; }

    /// <summary>What <see cref="Bound"/> found its input by.</summary>
    public BoundBasis Basis { get; set; }

    /// <summary>A tighter bound of the input, for a request that did not fit without; null for nearly all.</summary>
    public TightBound? Tight { get; set; }

    public bool IsTighteningTried { get; set; }

    public NanoUsd Amount { get; set; }

    public RequestChanges Changes { get; set; }

    /// <summary>What each container is charged in which code ran, in sessions of one gigabyte.</summary>
    public long UnitsPerContainer { get; set; }

    /// <summary>The price of the model that makes images for a tool, or null.</summary>
    public PriceVersion? ImagePrice { get; set; }

    /// <summary>The most that one call of that tool is charged, in nano-USD.</summary>
    public long ChargePerImage { get; set; }

    /// <summary>The output limit that was clamped or injected, or null when the body's own stands.</summary>
    public long? ImposedOutputLimit { get; set; }

    public ImmutableArray<WindowClaim> Claims { get; set; } = [];

    /// <summary>Tokens of the input that its bytes do not show.</summary>
    public long TokensAdded => Facts.TokensAdded + (Facts.DefinesTools ? Route.TokensForTools : 0);

    /// <summary>Whether the client must not see the extra usage chunk that was asked for on its behalf.</summary>
    public bool HidesUsageChunk =>
        Route is { Dialect: OpenAiDialect, Body: OpenAiBody.Chat } && Facts is { IsStream: true, WantsUsageChunk: false };
}
