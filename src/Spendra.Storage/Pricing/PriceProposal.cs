namespace Spendra.Storage.Pricing;

/// <summary>What became of a proposal.</summary>
public enum ProposalDecision
{
    Approved,
    Rejected,
    /// <summary>A later run of the same source offered something else.</summary>
    Superseded,
}

/// <summary>Prices that somebody may take into the book. Times are microseconds since the Unix epoch.</summary>
public sealed record PriceProposal
{
    public required Guid ProposalId { get; init; }

    public required long CreatedAt { get; init; }

    /// <summary>Where the prices come from: an address, a file's name, <c>openrouter</c>, <c>catalog</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The offered prices as <see cref="PriceFile"/> writes them.</summary>
    public required string Prices { get; init; }

    /// <summary>JSON: what differed from the price book when the proposal was made.</summary>
    public required string Differences { get; init; }

    /// <summary>Who proposed it, as audit records name them; null for what a run of the program found.</summary>
    public string? ProposedBy { get; init; }

    /// <summary>The member who proposed it: nobody decides their own proposal.</summary>
    public Guid? ProposerId { get; init; }

    /// <summary>Null as long as it is open.</summary>
    public ProposalDecision? Decision { get; init; }

    public long? DecidedAt { get; init; }

    public string? DecidedBy { get; init; }
}

public enum SyncOutcome
{
    /// <summary>There is an open proposal with what the source offers.</summary>
    Proposed,
    Unchanged,
    Failed,
}

/// <summary>One attempt to compare the price book with a source.</summary>
public sealed record PriceSyncRun
{
    public required Guid RunId { get; init; }

    public required long StartedAt { get; init; }

    public required long EndedAt { get; init; }

    public required string Source { get; init; }

    public required SyncOutcome Outcome { get; init; }

    /// <summary>Why it failed, in one line; null when it did not.</summary>
    public string? Failure { get; init; }

    public required long PricesRead { get; init; }

    public Guid? ProposalId { get; init; }
}
