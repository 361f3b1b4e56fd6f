using System.Text.Json;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>
/// Reads usage, model and errors out of one JSON document of the dialect, a whole answer or one event of a stream.
/// Looks at the top of the document and at the top of its <c>message</c>; a word in a model's output never counts.
/// <para>Usage numbers are hostile input: anything but whole numbers that agree with each other is no usage.</para>
/// </summary>
internal sealed class AnthropicDocumentReader(int maxTokenBytes) : PiecewiseReader(AnthropicRequestReader.MaxDepth, maxTokenBytes)
{
    private const int MaxText = 200;

    private enum Place
    {
        Other,
        Root,
        Message,
        Delta,
        Usage,
        CacheCreation,
        OutputDetails,
        ServerTools,
        CostDetails,
        Iterations,
        Iteration,
        IterationCache,
        IterationOutput,
    }

    private readonly Place[] _places = new Place[AnthropicRequestReader.MaxDepth + 2];
    private string? _name;
    private AnthropicUsage _iteration = new();

    /// <summary>The usage object, or null when there was none.</summary>
    public AnthropicUsage? Usage { get; private set; }

    /// <summary>The usage makes no sense.</summary>
    public bool IsUsageBroken { get; private set; }

    public bool HasError { get; private set; }

    /// <summary>The reason why the model stopped is told: the totals beside it are the last ones.</summary>
    public bool HasStopReason { get; private set; }

    public string? Type { get; private set; }

    public string? Model { get; private set; }

    /// <summary>OpenRouter, which answers in this format too: what the call cost. Null when nothing is said of it.</summary>
    public OpenRouterBill? Bill { get; private set; }

    protected override void Take(ref Utf8JsonReader json)
    {
        var place = json.CurrentDepth == 0 ? Place.Other : _places[json.CurrentDepth];
        switch (json.TokenType)
        {
            case JsonTokenType.PropertyName:
                // Every name of interest is short; the rest need not become strings.
                _name = place != Place.Other && json.ValueSpan.Length <= 40 ? json.GetString() : null;
                return;
            case JsonTokenType.StartObject:
                _places[json.CurrentDepth + 1] = Enter(json.CurrentDepth, place);
                TakeCost(ref json, place);
                break;
            case JsonTokenType.StartArray:
                _places[json.CurrentDepth + 1] = EnterList(place);
                TakeCost(ref json, place);
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                break;
            default:
                TakeValue(ref json, place);
                break;
        }
        _name = null;
    }

    private Place Enter(int depth, Place place)
    {
        HasError |= place == Place.Root && _name == "error";
        IsUsageBroken |= CountOf(place) is not null;
        switch (place, _name)
        {
            case (Place.Root, "message"): return Place.Message;
            case (Place.Root, "delta"): return Place.Delta;
            case (Place.Root or Place.Message, "usage"):
                // Two usages: which one would be billed?
                IsUsageBroken |= Usage is not null;
                Usage = new AnthropicUsage();
                return Place.Usage;
            case (Place.Usage, "cache_creation"): return Place.CacheCreation;
            case (Place.Usage, "output_tokens_details"): return Place.OutputDetails;
            case (Place.Usage, "server_tool_use"): return Place.ServerTools;
            case (Place.Usage, "cost_details"): return Place.CostDetails;
            case (Place.Iterations, _):
                Usage!.Iterations!.Add(_iteration = new AnthropicUsage());
                return Place.Iteration;
            case (Place.Iteration, "cache_creation"): return Place.IterationCache;
            case (Place.Iteration, "output_tokens_details"): return Place.IterationOutput;
            default: return depth == 0 ? Place.Root : Place.Other;
        }
    }

    private Place EnterList(Place place)
    {
        IsUsageBroken |= CountOf(place) is not null;
        if ((place, _name) is not (Place.Usage, "iterations")) return Place.Other;
        IsUsageBroken |= Usage!.Iterations is not null;
        Usage.Iterations = [];
        return Place.Iterations;
    }

    private void TakeValue(ref Utf8JsonReader json, Place place)
    {
        if (_name is null || TakeCost(ref json, place)) return;
        if (CountOf(place) is { } count)
        {
            TakeCount(ref json, IsOfIteration(place) ? _iteration : Usage!, count);
            return;
        }
        if (json.TokenType != JsonTokenType.String || json.ValueSpan.Length > MaxText) return;
        switch (place, _name)
        {
            case (Place.Root, "type"): Type = json.GetString(); break;
            case (Place.Root or Place.Message, "model"): Model = Printable(json.GetString()); break;
            case (Place.Delta, "stop_reason"): HasStopReason = true; break;
            case (Place.Usage, "service_tier"): Usage!.Tier = Printable(json.GetString()); break;
            case (Place.Usage, "inference_geo"): Usage!.Geo = Printable(json.GetString()); break;
            case (Place.Usage, "speed"): Usage!.Speed = Printable(json.GetString()); break;
            case (Place.Iteration, "type"): _iteration.Kind = json.GetString(); break;
            case (Place.Iteration, "model"): _iteration.Model = json.GetString(); break;
        }
    }

    private void TakeCount(ref Utf8JsonReader json, AnthropicUsage usage, AnthropicCount count)
    {
        // What is null is not told.
        if (json.TokenType == JsonTokenType.Null) return;
        long number = 0;
        var isCount = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out number) && number >= 0;
        IsUsageBroken |= !isCount || (usage[count] is { } told && told != number);
        usage[count] = number;
    }

    /// <summary>True for a member that tells of money.</summary>
    private bool TakeCost(ref Utf8JsonReader json, Place place)
    {
        switch (place, _name)
        {
            case (Place.Usage, "cost"): (Bill ??= new()).TakeCharged(ref json); return true;
            case (Place.CostDetails, "upstream_inference_cost"): (Bill ??= new()).TakeUpstream(ref json); return true;
            case (Place.Usage, "is_byok"): (Bill ??= new()).TakeOwnKey(ref json); return true;
            default: return false;
        }
    }

    private static bool IsOfIteration(Place place) => place is Place.Iteration or Place.IterationCache or Place.IterationOutput;

    private AnthropicCount? CountOf(Place place) => (place, _name) switch
    {
        (Place.Usage or Place.Iteration, "input_tokens") => AnthropicCount.Input,
        (Place.Usage or Place.Iteration, "cache_read_input_tokens") => AnthropicCount.CacheRead,
        (Place.Usage or Place.Iteration, "cache_creation_input_tokens") => AnthropicCount.CacheWrite,
        (Place.Usage or Place.Iteration, "output_tokens") => AnthropicCount.Output,
        (Place.CacheCreation or Place.IterationCache, "ephemeral_5m_input_tokens") => AnthropicCount.CacheWrite5m,
        (Place.CacheCreation or Place.IterationCache, "ephemeral_1h_input_tokens") => AnthropicCount.CacheWrite1h,
        (Place.OutputDetails or Place.IterationOutput, "thinking_tokens") => AnthropicCount.Thinking,
        (Place.ServerTools, "web_search_requests") => AnthropicCount.WebSearches,
        _ => null,
    };
}
