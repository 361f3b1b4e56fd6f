namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>What one response says of itself: a whole answer, or a chunk of a stream, which has the same shape.</summary>
internal sealed class GeminiResponse
{
    private long _ended;

    public GeminiUsage? Usage { get; private set; }

    public string? Model { get; set; }

    public bool HasError { get; set; }

    /// <summary>The prompt was refused: there will be no candidates.</summary>
    public bool IsBlocked { get; set; }

    public bool IsMapGrounded { get; set; }

    /// <summary>Queries of the web search, of all candidates together.</summary>
    public long Searches { get; set; }

    public long CandidateIndex { get; set; }

    public bool HasCandidateEnded { get; set; }

    /// <summary>The candidates that have their reason for ending, one bit for each index.</summary>
    public long Ended => HasCandidateEnded ? _ended | Bit : _ended;

    private long Bit => CandidateIndex < GeminiRequestReader.MaxCandidates ? 1L << (int)CandidateIndex : 0;

    /// <summary>A second usage in one response: which one would be billed?</summary>
    public void BeginUsage()
    {
        if (Usage is not null) Usage.Break();
        Usage ??= new GeminiUsage();
    }

    public void BeginCandidate()
    {
        _ended = Ended;
        HasCandidateEnded = false;
        CandidateIndex = 0;
    }
}
