using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Core.Money;

namespace Spendra.Cli;

/// <summary>Amounts leave as decimal text: a JSON number would pass through floating point in most readers.</summary>
internal sealed class NanoUsdText : JsonConverter<NanoUsd>
{
    public override NanoUsd Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        NanoUsd.TryParse(reader.GetString(), out var amount) ? amount : throw new JsonException("not an amount in USD");

    public override void Write(Utf8JsonWriter writer, NanoUsd value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
