using System.Text.Json;
using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Reads what matters out of one JSON document of Google's while it passes in pieces of any size: a response, or a list
/// of them, as which a stream comes without <c>alt=sse</c>. Each response that is complete goes into a tally; a word in
/// a model's output never counts.
/// </summary>
internal sealed class GeminiDocumentReader(GeminiTally tally, int maxTokenBytes) : PiecewiseReader(GeminiRequestReader.MaxDepth, maxTokenBytes)
{
    private const int MaxText = 200;
    private const int MaxNameBytes = 40;

    private readonly GeminiPlace[] _places = new GeminiPlace[GeminiRequestReader.MaxDepth + 2];
    private GeminiResponse _response = new();
    private GeminiPlace _details;
    private string? _modality;
    private long _detailCount;
    private string? _name;

    protected override void Take(ref Utf8JsonReader json)
    {
        var depth = json.CurrentDepth;
        var place = depth == 0 ? GeminiPlace.Other : _places[depth];
        switch (json.TokenType)
        {
            case JsonTokenType.PropertyName:
                // Every name of interest is short; the rest need not become strings.
                _name = place != GeminiPlace.Other && json.ValueSpan.Length <= MaxNameBytes ? json.GetString() : null;
                return;
            case JsonTokenType.StartObject:
                _places[depth + 1] = EnterObject(depth, place);
                break;
            case JsonTokenType.StartArray:
                _places[depth + 1] = depth == 0 ? GeminiPlace.Stream : EnterArray(place);
                break;
            case JsonTokenType.EndObject:
                Leave(_places[depth + 1]);
                break;
            case JsonTokenType.EndArray:
                break;
            default:
                TakeValue(ref json, place);
                break;
        }
        _name = null;
    }

    private GeminiPlace EnterObject(int depth, GeminiPlace place)
    {
        switch (place, _name)
        {
            case (GeminiPlace.Stream, _):
            case (GeminiPlace.Other, null) when depth == 0:
                _response = new GeminiResponse();
                return GeminiPlace.Response;
            case (GeminiPlace.Response, "usageMetadata"):
                _response.BeginUsage();
                return GeminiPlace.Usage;
            case (GeminiPlace.Response, "error"):
                _response.HasError = true;
                return GeminiPlace.Other;
            case (GeminiPlace.Response, "promptFeedback"): return GeminiPlace.PromptFeedback;
            case (GeminiPlace.PromptDetails or GeminiPlace.CacheDetails or GeminiPlace.CandidateDetails or GeminiPlace.ToolUseDetails, _):
                _details = place;
                _modality = null;
                _detailCount = 0;
                return GeminiPlace.Detail;
            case (GeminiPlace.Candidates, _):
                _response.BeginCandidate();
                return GeminiPlace.Candidate;
            case (GeminiPlace.Candidate, "groundingMetadata"): return GeminiPlace.Grounding;
            case (GeminiPlace.GroundingChunks, _): return GeminiPlace.GroundingChunk;
            case (GeminiPlace.GroundingChunk, "maps"):
                _response.IsMapGrounded = true;
                return GeminiPlace.Other;
            case (GeminiPlace.Usage, _):
                TakeUsage(_name, null);
                return GeminiPlace.Other;
            default: return GeminiPlace.Other;
        }
    }

    private GeminiPlace EnterArray(GeminiPlace place)
    {
        switch (place, _name)
        {
            case (GeminiPlace.Response, "candidates"): return GeminiPlace.Candidates;
            case (GeminiPlace.Response, "usageMetadata"):
                _response.BeginUsage();
                _response.Usage!.Break();
                return GeminiPlace.Other;
            case (GeminiPlace.Usage, "promptTokensDetails"): return GeminiPlace.PromptDetails;
            case (GeminiPlace.Usage, "cacheTokensDetails"): return GeminiPlace.CacheDetails;
            case (GeminiPlace.Usage, "candidatesTokensDetails"): return GeminiPlace.CandidateDetails;
            case (GeminiPlace.Usage, "toolUsePromptTokensDetails"): return GeminiPlace.ToolUseDetails;
            case (GeminiPlace.Usage, _):
                TakeUsage(_name, null);
                return GeminiPlace.Other;
            case (GeminiPlace.Grounding, "webSearchQueries"): return GeminiPlace.SearchQueries;
            case (GeminiPlace.Grounding, "groundingChunks"): return GeminiPlace.GroundingChunks;
            default: return GeminiPlace.Other;
        }
    }

    private void Leave(GeminiPlace place)
    {
        if (place == GeminiPlace.Detail) _response.Usage!.Add(_details, _modality, _detailCount);
        else if (place == GeminiPlace.Candidate) _response.EndCandidate();
        else if (place == GeminiPlace.Response) tally.Add(_response);
    }

    private void TakeValue(ref Utf8JsonReader json, GeminiPlace place)
    {
        switch (place, _name)
        {
            case (GeminiPlace.Response, "modelVersion"): _response.Model = TextOf(ref json); break;
            case (GeminiPlace.Usage, "trafficType"): _response.Usage!.TrafficType = TextOf(ref json); break;
            case (GeminiPlace.Usage, "serviceTier"): _response.Usage!.ServiceTier = TextOf(ref json); break;
            case (GeminiPlace.Usage, _): TakeUsage(_name, CountOf(ref json)); break;
            case (GeminiPlace.Detail, "modality"): _modality = TextOf(ref json); break;
            case (GeminiPlace.Detail, "tokenCount"): _detailCount = CountOf(ref json) ?? -1; break;
            case (GeminiPlace.Candidate, "index"): _response.CandidateIndex = CountOf(ref json) ?? 0; break;
            case (GeminiPlace.Candidate, "finishReason"): _response.HasCandidateEnded |= TextOf(ref json) is { Length: > 0 }; break;
            case (GeminiPlace.PromptFeedback, "blockReason"): _response.IsBlocked |= TextOf(ref json) is { Length: > 0 }; break;
            case (GeminiPlace.SearchQueries, _): _response.CandidateSearches += TextOf(ref json) is { Length: 0 } ? 0 : 1; break;
        }
    }

    private void TakeUsage(string? name, long? count)
    {
        if (name is not null) _response.Usage!.Take(name, count);
    }

    private static long? CountOf(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number is >= 0 and <= Usage.MaxUnits ? number : null;

    private static string? TextOf(ref Utf8JsonReader json) =>
        json.TokenType != JsonTokenType.String || json.ValueSpan.Length > MaxText ? null : Printable(json.GetString());
}
