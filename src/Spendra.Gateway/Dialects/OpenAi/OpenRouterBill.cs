using System.Text.Json;
using Spendra.Core.Money;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// What OpenRouter says that a call cost, in whichever format it answers. One figure that makes no sense, or comes twice,
/// and nothing is told; a flag that does puts the bill in doubt.
/// </summary>
internal sealed class OpenRouterBill
{
    private const int MaxText = 60;

    // USD. No call costs so much; a provider that says so is not believed.
    private const decimal Max = 10_000m;

    private decimal? _charged;
    private decimal? _upstream;
    private bool? _isOwnKey;
    private bool _isOwnKeyInDoubt;
    private bool _isBroken;

    /// <summary>
    /// The whole cost, and how much of it is OpenRouter's own fee when it used the customer's key at the model's provider,
    /// which bills the rest. In doubt, when the figures contradict each other: the whole may be more. No cost when nothing
    /// is said that can be believed at all.
    /// </summary>
    public (NanoUsd? Cost, NanoUsd Fee, bool IsInDoubt) Told
    {
        get
        {
            if (_isBroken || _charged is not { } charged) return (null, NanoUsd.Zero, false);
            if (_isOwnKey is true && !_isOwnKeyInDoubt)
                return _upstream is { } rest ? (Nanos(charged + rest), Nanos(charged), false) : (null, NanoUsd.Zero, false);
            // Nobody sells for less than it pays: either the key is the customer's own, or a figure is wrong.
            var isInDoubt = _isOwnKeyInDoubt || (_upstream is { } upstream && Nanos(upstream) > Nanos(charged));
            return (Nanos(charged), NanoUsd.Zero, isInDoubt);
        }
    }

    public void TakeCharged(ref Utf8JsonReader json) => _charged = CostOf(ref json, _charged);

    public void TakeUpstream(ref Utf8JsonReader json) => _upstream = CostOf(ref json, _upstream);

    public void TakeOwnKey(ref Utf8JsonReader json)
    {
        var isFlag = json.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null;
        _isOwnKeyInDoubt |= !isFlag || _isOwnKey is not null;
        _isOwnKey = json.TokenType == JsonTokenType.True;
    }

    private decimal? CostOf(ref Utf8JsonReader json, decimal? known)
    {
        _isBroken |= known is not null;
        if (json.TokenType == JsonTokenType.Null) return known;
        decimal cost = 0;
        var isCost = json.TokenType == JsonTokenType.Number && json.ValueSpan.Length <= MaxText
            && json.TryGetDecimal(out cost) && cost is >= 0 and <= Max;
        _isBroken |= !isCost;
        return cost;
    }

    private static NanoUsd Nanos(decimal usd) => new((long)decimal.Round(usd * NanoUsd.PerUsd, MidpointRounding.ToEven));
}
