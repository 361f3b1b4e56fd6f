using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Reads usage, model, tier, id and status out of one JSON document of the OpenAI dialect while it passes in pieces
/// of any size. Looks at the top of the document and, for stream events, at the top of its <c>response</c>; a word in
/// a model's output never counts.
/// <para>Usage numbers are hostile input: anything but whole numbers that agree with each other is no usage.</para>
/// </summary>
/// <param name="maxTokenBytes">The largest token that is held.</param>
/// <param name="tellsOutputInTotal">
/// The provider may leave reasoning out of the output and count it in the total alone: the larger of both is billed.
/// </param>
internal sealed class OpenAiDocumentReader(int maxTokenBytes, bool tellsOutputInTotal = false)
    : PiecewiseReader(OpenAiRequestReader.MaxDepth, maxTokenBytes)
{
    private const int MaxText = 200;

    private enum Place
    {
        Other,
        Root,
        Response,
        Usage,
        InputDetails,
        OutputDetails,
        CostDetails,
        Output,
        OutputItem,
        Action,
        Tools,
        Tool,
        ToolUsage,
        ImageUsage,
        ImageInputDetails,
        ImageOutputDetails,
    }

    private readonly Place[] _places = new Place[OpenAiRequestReader.MaxDepth + 2];
    private OpenRouterBill? _bill;
    private string? _name;
    private bool _isUsageBroken;
    private bool _isChoicesOpening;
    private long? _input;
    private long? _output;
    private long? _total;
    private long? _cached;
    private long? _cacheWrite;
    private long? _cacheWriteLong;
    private long? _reasoning;

    /// <summary>A usage object was there, readable or not.</summary>
    public bool HasUsage { get; private set; }

    public bool HasError { get; private set; }

    /// <summary>There is a list of choices and it is empty: the extra usage chunk of a chat stream.</summary>
    public bool HasEmptyChoices { get; private set; }

    /// <summary>The first id: of the body, or of the response inside an event.</summary>
    public string? Id { get; private set; }

    public string? Model { get; private set; }

    public string? ServiceTier { get; private set; }

    public string? Status { get; private set; }

    /// <summary>The calls of the provider's own tools among the output.</summary>
    public OpenAiToolCalls ToolCalls { get; } = new();

    /// <summary>What a model used that made images for a tool.</summary>
    public OpenAiImageTokens ImageTokens { get; } = new();

    /// <summary>The usage in classes that do not overlap, or null when there is none that can be believed.</summary>
    /// <param name="hasOutput">Whether the call produces output.</param>
    /// <param name="mayWriteLong">
    /// The request asked for a prompt cache of twelve hours: without a word of how long, that is what was written.
    /// </param>
    /// <param name="tellsCost">The provider's bill is settled, if it says one: the usage then only describes it.</param>
    public Usage? ToUsage(bool hasOutput, bool mayWriteLong = false, bool tellsCost = false)
    {
        if (IsBroken || _isUsageBroken || _input is not { } input) return null;
        var isBilled = tellsCost && ToBilled() is { Cost.Value: > 0, IsInDoubt: false };
        // No model reads nothing.
        if (input == 0 && !isBilled) return null;
        if ((hasOutput ? WholeOutput(input, isBilled) : _output ?? 0) is not { } output) return null;
        var (cached, allWritten) = (_cached ?? 0, _cacheWrite ?? 0);
        var (written, writtenLong) = mayWriteLong && _cacheWriteLong is null ? (0L, allWritten) : (allWritten, _cacheWriteLong ?? 0);
        if (cached > input || written > input - cached || writtenLong > input - cached - written) return null;
        var usage = new Usage
        {
            // OpenAI's cached and written tokens are inside the input, reasoning inside the output.
            Input = input - cached - written - writtenLong,
            CachedInput = cached,
            CacheWrite = written,
            Output = output,
            ReasoningWithinOutput = _reasoning ?? 0,
        }.Plus(UnitClass.CacheWriteLong, writtenLong);
        return usage.IsPlausible ? usage : null;
    }

    /// <summary>
    /// The output with its reasoning; null when the parts contradict each other or their total. Some providers count
    /// reasoning beside the output, and bill it: then it is in the total (xAI, on whose word it is not in the output).
    /// </summary>
    private long? WholeOutput(long input, bool isBilled)
    {
        if (_output is not { } output || output > Usage.MaxUnits || input > Usage.MaxUnits) return null;
        var beside = Math.Max(0, (_total ?? 0) - input - output);
        var reasoning = _reasoning ?? 0;
        var isExplained = beside == 0 || beside == reasoning || tellsOutputInTotal;
        return isBilled || (isExplained && reasoning <= output + beside) ? output + beside : null;
    }

    /// <summary>OpenRouter: see <see cref="OpenRouterBill.Told"/>. A usage that makes no sense takes the cost with it.</summary>
    public (NanoUsd? Cost, NanoUsd Fee, bool IsInDoubt) ToBilled() =>
        IsBroken || _isUsageBroken || _bill is null ? (null, NanoUsd.Zero, false) : _bill.Told;

    protected override void Take(ref Utf8JsonReader json)
    {
        var isFirstChoice = _isChoicesOpening;
        _isChoicesOpening = false;
        var place = json.CurrentDepth == 0 ? Place.Other : _places[json.CurrentDepth];
        switch (json.TokenType)
        {
            case JsonTokenType.PropertyName:
                _name = place == Place.Other ? null : NameOf(ref json);
                return;
            case JsonTokenType.StartObject:
                EnterObject(json.CurrentDepth, place);
                break;
            case JsonTokenType.StartArray:
                _isChoicesOpening = place == Place.Root && _name == "choices";
                _places[json.CurrentDepth + 1] = (place, _name) switch
                {
                    (Place.Root or Place.Response, "output") => Place.Output,
                    (Place.Root or Place.Response, "tools") => Place.Tools,
                    _ => Place.Other,
                };
                if (place != Place.Other) TakeNumber(ref json, place);
                break;
            case JsonTokenType.EndArray:
                HasEmptyChoices |= isFirstChoice;
                break;
            case JsonTokenType.EndObject:
                if (place == Place.Output) ToolCalls.EndItem();
                break;
            default:
                if (place is Place.OutputItem or Place.Action or Place.Tool) TakeToolText(ref json, place);
                else if (place is Place.Root or Place.Response) TakeText(ref json);
                else if (place >= Place.ImageUsage) TakeImageTokens(ref json, place);
                else if (place != Place.Other) TakeNumber(ref json, place);
                break;
        }
        _name = null;
    }

    private void EnterObject(int depth, Place place)
    {
        var inside = (depth, place, _name) switch
        {
            (0, _, _) => Place.Root,
            (_, Place.Root, "response") => Place.Response,
            (_, Place.Root or Place.Response, "usage") => Place.Usage,
            (_, Place.Usage, "prompt_tokens_details" or "input_tokens_details") => Place.InputDetails,
            (_, Place.Usage, "completion_tokens_details" or "output_tokens_details") => Place.OutputDetails,
            (_, Place.Usage, "cost_details") => Place.CostDetails,
            (_, Place.Output, _) => Place.OutputItem,
            (_, Place.OutputItem, "action") => Place.Action,
            (_, Place.Tools, _) => Place.Tool,
            (_, Place.Root or Place.Response, "tool_usage") => Place.ToolUsage,
            (_, Place.ToolUsage, "image_gen") => Place.ImageUsage,
            (_, Place.ImageUsage, "input_tokens_details") => Place.ImageInputDetails,
            (_, Place.ImageUsage, "output_tokens_details") => Place.ImageOutputDetails,
            _ => Place.Other,
        };
        _places[depth + 1] = inside;
        // Two usages: which one would be billed?
        _isUsageBroken |= inside == Place.Usage && HasUsage;
        HasUsage |= inside == Place.Usage;
        if (inside == Place.ImageUsage) ImageTokens.Begin();
        HasError |= place is Place.Root or Place.Response && _name == "error";
    }

    private void TakeText(ref Utf8JsonReader json)
    {
        if (_name is null || json.TokenType != JsonTokenType.String) return;
        // Azure's first chunk has empty texts for what it does not know yet.
        if (json.ValueSpan.Length is 0 or > MaxText) return;
        switch (_name)
        {
            case "id": Id ??= Printable(json.GetString()); break;
            case "model": Model = Printable(json.GetString()); break;
            case "service_tier": ServiceTier = Printable(json.GetString()); break;
            case "status": Status = json.GetString(); break;
        }
    }

    private void TakeToolText(ref Utf8JsonReader json, Place place)
    {
        if (json.TokenType != JsonTokenType.String || json.ValueSpan.Length > MaxText) return;
        switch (place, _name)
        {
            case (Place.OutputItem, "type"): ToolCalls.Type = json.GetString(); break;
            case (Place.OutputItem, "container_id"): ToolCalls.Container = json.GetString(); break;
            case (Place.Action, "type"): ToolCalls.Action = json.GetString(); break;
            case (Place.Tool, "type"): ToolCalls.Offers(json.GetString()!); break;
        }
    }

    private void TakeImageTokens(ref Utf8JsonReader json, Place place)
    {
        // A null detail is a detail that does not apply.
        if (_name is null || (json.TokenType == JsonTokenType.Null && place != Place.ImageUsage)) return;
        var number = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var count) ? count : -1;
        switch (place, _name)
        {
            case (Place.ImageUsage, "input_tokens"): ImageTokens.Input = number; break;
            case (Place.ImageUsage, "output_tokens"): ImageTokens.Output = number; break;
            case (Place.ImageInputDetails, "text_tokens"): ImageTokens.InputText = number; break;
            case (Place.ImageInputDetails, "image_tokens"): ImageTokens.InputImage = number; break;
            case (Place.ImageInputDetails, "cached_tokens"): ImageTokens.Cached = number; break;
            case (Place.ImageOutputDetails, "text_tokens"): ImageTokens.OutputText = number; break;
            case (Place.ImageOutputDetails, "image_tokens"): ImageTokens.OutputImage = number; break;
        }
    }

    private void TakeNumber(ref Utf8JsonReader json, Place place)
    {
        if (place is Place.Root or Place.Response or >= Place.Output || _name is null) return;
        if (TakeCost(ref json, place)) return;
        long number = 0;
        var isNumber = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out number) && number >= 0;
        switch (place, _name)
        {
            // A null detail is a detail that does not apply.
            case (Place.InputDetails or Place.OutputDetails, _) when json.TokenType == JsonTokenType.Null: return;
            case (Place.Usage, "prompt_tokens" or "input_tokens"): Tell(ref _input, number); break;
            case (Place.Usage, "completion_tokens" or "output_tokens"): Tell(ref _output, number); break;
            case (Place.Usage, "total_tokens") when tellsOutputInTotal || json.TokenType != JsonTokenType.Null: Tell(ref _total, number); break;
            case (Place.InputDetails, "cached_tokens"): Tell(ref _cached, number); break;
            case (Place.InputDetails, "cache_write_tokens"): Tell(ref _cacheWrite, number); break;
            // Beside those of thirty minutes, as OpenAI's reports of usage count them.
            case (Place.InputDetails, "cache_write_12h_tokens"): Tell(ref _cacheWriteLong, number); break;
            case (Place.OutputDetails, "reasoning_tokens"): Tell(ref _reasoning, number); break;
            default: return;
        }
        _isUsageBroken |= !isNumber;
    }

    /// <summary>Some providers say the same twice, under both names; different numbers contradict each other.</summary>
    private void Tell(ref long? told, long number)
    {
        _isUsageBroken |= told is not null && told != number;
        told = number;
    }

    /// <summary>True for a member that tells of money.</summary>
    private bool TakeCost(ref Utf8JsonReader json, Place place)
    {
        switch (place, _name)
        {
            case (Place.Usage, "cost"): (_bill ??= new()).TakeCharged(ref json); return true;
            case (Place.CostDetails, "upstream_inference_cost"): (_bill ??= new()).TakeUpstream(ref json); return true;
            case (Place.Usage, "is_byok"): (_bill ??= new()).TakeOwnKey(ref json); return true;
            default: return place == Place.CostDetails;
        }
    }

    private static string? NameOf(ref Utf8JsonReader json) =>
        // Every name of interest is short; the rest need not become strings.
        json.ValueSpan.Length <= 40 ? json.GetString() : null;
}
