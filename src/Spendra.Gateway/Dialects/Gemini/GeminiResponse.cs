namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>What one response says of itself: a whole answer, or a chunk of a stream, which has the same shape.</summary>
internal sealed class GeminiResponse
{
    private long[]? _searches;

    public GeminiUsage? Usage { get; private set; }

    public string? Model { get; set; }

    public bool HasError { get; set; }

    /// <summary>The prompt was refused: there will be no candidates.</summary>
    public bool IsBlocked { get; set; }

    public bool IsMapGrounded { get; set; }

    /// <summary>Queries of the web search, by the candidate that made them; empty when none did.</summary>
    public ReadOnlySpan<long> Searches => _searches;

    /// <summary>The candidates that have their reason for ending, one bit for each index.</summary>
    public long Ended { get; private set; }

    // Of the candidate that is being read.
    public long CandidateIndex { get; set; }

    public bool HasCandidateEnded { get; set; }

    public long CandidateSearches { get; set; }

    /// <summary>A second usage in one response: which one would be billed?</summary>
    public void BeginUsage()
    {
        if (Usage is not null) Usage.Break();
        Usage ??= new GeminiUsage();
    }

    public void BeginCandidate()
    {
        HasCandidateEnded = false;
        CandidateIndex = 0;
        CandidateSearches = 0;
    }

    /// <summary>Its index may stand behind what it tells.</summary>
    public void EndCandidate()
    {
        var isKnown = CandidateIndex < GeminiRequestReader.MaxCandidates;
        if (HasCandidateEnded && isKnown) Ended |= 1L << (int)CandidateIndex;
        if (CandidateSearches == 0) return;
        // Nobody asked for a candidate beyond the last: what such ones searched counts together, behind the others.
        _searches ??= new long[GeminiRequestReader.MaxCandidates + 1];
        _searches[isKnown ? (int)CandidateIndex : GeminiRequestReader.MaxCandidates] += CandidateSearches;
    }
}
