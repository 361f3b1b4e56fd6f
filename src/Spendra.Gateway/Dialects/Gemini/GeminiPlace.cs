namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>Where in a response a value stands. What stands elsewhere says nothing about usage.</summary>
internal enum GeminiPlace
{
    Other,
    /// <summary>The list of a stream that is one JSON document.</summary>
    Stream,
    Response,
    Usage,
    PromptDetails,
    CacheDetails,
    CandidateDetails,
    ToolUseDetails,
    /// <summary>An entry of one of the lists of details.</summary>
    Detail,
    Candidates,
    Candidate,
    Grounding,
    SearchQueries,
    GroundingChunks,
    GroundingChunk,
    PromptFeedback,
}
