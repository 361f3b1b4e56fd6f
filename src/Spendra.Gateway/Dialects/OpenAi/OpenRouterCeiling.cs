using System.Globalization;
using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Puts <c>provider.max_price</c> into a request, so that OpenRouter sends it to no host that takes more than the price that
/// the request was bounded with. Its rates are USD per million tokens; a host above one of them is not considered, and
/// when none is left the answer is a 404 (OpenRouter's guide to provider routing, "Max Price"). A client's own maximum
/// stands where it is less.
/// <para>
/// Every <c>provider</c> and every <c>max_price</c> of the body gets it, so that it does not matter which of two the
/// provider would heed. The body has been read before, and so is well-formed.
/// </para>
/// </summary>
internal ref struct OpenRouterCeiling
{
    private readonly List<Most> _rates;
    private readonly BodyEdits _edits = new();
    private Utf8JsonReader _json;

    private OpenRouterCeiling(ReadOnlySpan<byte> body, List<Most> rates)
    {
        _rates = rates;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = OpenAiRequestReader.MaxDepth });
    }

    public static ReadOnlyMemory<byte> PutInto(ReadOnlyMemory<byte> body, GovernedCall call)
    {
        if (call.Price is not { } price) return body;
        var ceiling = new OpenRouterCeiling(body.Span, RatesOf(call, price));
        ceiling.ReadRoot();
        return ceiling._edits.IsEmpty ? body : ceiling._edits.Apply(body.Span);
    }

    private static List<Most> RatesOf(GovernedCall call, PriceVersion price)
    {
        // What the account pays more or less than the list is no host's price.
        var tier = call.TierPercent * (long)Cost.DefaultTierPercent / (call.Account?.Settings.RatePercent ?? Cost.DefaultTierPercent);
        var card = price.CardFor(call.Bound.Input);
        List<Most> rates = [Named("prompt", Rate.Max(price.Rates.Input, card.Input), tier)];
        if (call.Route.HasOutput) rates.Add(Named("completion", Rate.Max(price.Rates.Output, card.Output), tier));
        rates.Add(Fee(call, price.Rates, card));
        return rates;
    }

    /// <summary>
    /// What is not held is not paid: a host's fee for each request, beyond that of the searches that the model makes unasked.
    /// </summary>
    private static Most Fee(GovernedCall call, RateCard rates, RateCard card)
    {
        Int128 held = 0;
        foreach (var (unit, count) in call.Facts.Pieces)
        {
            if (rates.RateOf(unit) is not { } rate) continue;
            held += Rate.Max(rate, card.RateOf(unit) ?? rate).Times(count);
        }
        var usd = (decimal)held / Rate.UnitsPerRate / NanoUsd.PerUsd;
        return new Most("request", usd, usd.ToString("0.############", CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Half a nano-dollar above the rate: no rate of the price book lies between, and what the other end makes of the host's
    /// own price by rounding does not shut that host out.
    /// </summary>
    private static Most Named(string name, Rate rate, long tierPercent)
    {
        var usd = ((decimal)rate.NanosPerMillion * tierPercent / Cost.DefaultTierPercent + 0.5m) / NanoUsd.PerUsd;
        return new Most(name, usd, usd.ToString("0.############", CultureInfo.InvariantCulture));
    }

    private void ReadRoot()
    {
        _json.Read();
        var start = (int)_json.TokenStartIndex;
        var isThere = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isProvider = _json.ValueTextEquals("provider"u8);
            _json.Read();
            isThere |= isProvider;
            if (isProvider) ReadProvider();
            else _json.Skip();
        }
        if (!isThere) Put(start, $"\"provider\":{{{Whole}}}", hasMembers: true);
    }

    private void ReadProvider()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            Replace($"{{{Whole}}}");
            return;
        }
        var start = (int)_json.TokenStartIndex;
        bool isThere = false, hasMembers = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            hasMembers = true;
            var isCeiling = _json.ValueTextEquals("max_price"u8);
            _json.Read();
            isThere |= isCeiling;
            if (isCeiling) ReadCeiling();
            else _json.Skip();
        }
        if (!isThere) Put(start, Whole, hasMembers);
    }

    private void ReadCeiling()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            Replace($"{{{Members(_rates)}}}");
            return;
        }
        var start = (int)_json.TokenStartIndex;
        var missing = _rates.ToList();
        var hasMembers = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            hasMembers = true;
            var which = IndexOfName();
            _json.Read();
            if (which < 0)
            {
                _json.Skip();
                continue;
            }
            missing.Remove(_rates[which]);
            if (!IsAtMost(_rates[which].Usd)) Replace(_rates[which].Text);
            else _json.Skip();
        }
        if (missing.Count > 0) Put(start, Members(missing), hasMembers);
    }

    private readonly int IndexOfName()
    {
        for (var i = 0; i < _rates.Count; i++)
        {
            if (_json.ValueTextEquals(_rates[i].Name)) return i;
        }
        return -1;
    }

    /// <summary>OpenRouter takes a number as JSON or as text.</summary>
    private readonly bool IsAtMost(decimal most) => _json.TokenType switch
    {
        JsonTokenType.Number => _json.TryGetDecimal(out var number) && number <= most,
        JsonTokenType.String => decimal.TryParse(_json.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number <= most,
        _ => false,
    };

    private readonly string Whole => $"\"max_price\":{{{Members(_rates)}}}";

    private static string Members(List<Most> rates) =>
        string.Join(',', rates.Select(r => $"\"{r.Name}\":{r.Text}"));

    /// <summary>At the beginning of the object that starts at <paramref name="start"/>.</summary>
    private readonly void Put(int start, string members, bool hasMembers) => _edits.Insert(start + 1, hasMembers ? members + "," : members);

    private void Replace(string text)
    {
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        _edits.Replace(new ByteSpan(start, (int)_json.BytesConsumed - start), text);
    }

    /// <summary>The most that a host may take, in USD for a million tokens (<c>request</c>: for each), and how that is written.</summary>
    private sealed record Most(string Name, decimal Usd, string Text);
}
