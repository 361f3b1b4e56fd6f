using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Reads the usage of embedded texts: tokens with each vector, characters of all together. The numbers are hostile input:
/// one that makes no sense, or is missing where it is billed, and nothing is told.
/// </summary>
/// <param name="countsCharacters">The model is billed by the character.</param>
/// <param name="maxTokenBytes">The largest token that is held.</param>
internal sealed class PredictMeter(bool countsCharacters, int maxTokenBytes) : BodyMeter
{
    private readonly Document _document = new(maxTokenBytes);

    public override void Read(ReadOnlySpan<byte> bytes) => _document.Feed(bytes, isLast: false);

    public override void Finish()
    {
        _document.Feed([], isLast: true);
        if (!_document.IsBroken) Reading.Usage = UsageOf(_document);
    }

    private Usage? UsageOf(Document told)
    {
        if (told.IsContradicted) return null;
        var areTokensKnown = told.Vectors > 0 && told.Vectors == told.Counts;
        // No text is empty: none of what is billed is no count of it.
        if (countsCharacters ? told.Characters is not > 0 : !areTokensKnown || told.Tokens == 0) return null;
        var usage = new Usage { Input = areTokensKnown ? told.Tokens : 0 };
        if (countsCharacters) usage = usage.Plus(UnitClass.Characters, told.Characters!.Value);
        return usage.IsPlausible ? usage : null;
    }

    private sealed class Document(int maxTokenBytes) : PiecewiseReader(GeminiRequestReader.MaxDepth, maxTokenBytes)
    {
        private const int MaxNameBytes = 40;

        private enum Place
        {
            Other,
            Root,
            Predictions,
            Prediction,
            Embeddings,
            Statistics,
            Metadata,
        }

        private readonly Place[] _places = new Place[GeminiRequestReader.MaxDepth + 2];
        private string? _name;

        public bool IsContradicted { get; private set; }

        public int Vectors { get; private set; }

        /// <summary>How many vectors came with their tokens.</summary>
        public int Counts { get; private set; }

        public long Tokens { get; private set; }

        public long? Characters { get; private set; }

        protected override void Take(ref Utf8JsonReader json)
        {
            var depth = json.CurrentDepth;
            var place = depth == 0 ? Place.Other : _places[depth];
            switch (json.TokenType)
            {
                case JsonTokenType.PropertyName:
                    // Every name of interest is short; the rest need not become strings.
                    _name = place != Place.Other && json.ValueSpan.Length <= MaxNameBytes ? json.GetString() : null;
                    return;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    _places[depth + 1] = Enter(depth, place, json.TokenType == JsonTokenType.StartArray);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    break;
                default:
                    TakeValue(ref json, place);
                    break;
            }
            _name = null;
        }

        private Place Enter(int depth, Place place, bool isList)
        {
            IsContradicted |= IsCount(place);
            switch (place, _name, isList)
            {
                case (Place.Root, "predictions", true): return Place.Predictions;
                case (Place.Root, "metadata", false): return Place.Metadata;
                case (Place.Predictions, _, false):
                    Vectors++;
                    return Place.Prediction;
                case (Place.Prediction, "embeddings", false): return Place.Embeddings;
                case (Place.Embeddings, "statistics", false): return Place.Statistics;
                default: return depth == 0 && !isList ? Place.Root : Place.Other;
            }
        }

        private void TakeValue(ref Utf8JsonReader json, Place place)
        {
            if (!IsCount(place)) return;
            if (WholeOf(ref json) is not { } count)
            {
                IsContradicted = true;
            }
            else if (place == Place.Metadata)
            {
                IsContradicted |= Characters is not null;
                Characters = count;
            }
            else
            {
                Counts++;
                Tokens = Math.Min(Tokens + count, Usage.MaxUnits + 1);
            }
        }

        private bool IsCount(Place place) =>
            (place, _name) is (Place.Statistics, "token_count" or "tokenCount") or (Place.Metadata, "billableCharacterCount");

        /// <summary>Predictions have no numbers but floating ones: <c>6.0</c> is six.</summary>
        private static long? WholeOf(ref Utf8JsonReader json)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetDecimal(out var number)) return null;
            return number is >= 0 and <= Usage.MaxUnits && decimal.Truncate(number) == number ? (long)number : null;
        }
    }
}
