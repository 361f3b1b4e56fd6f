using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Core.Money;

namespace Spendra.Control.Shell;

/// <summary>
/// How the management API speaks JSON: camel case, absent and null alike, nothing that it does not know, and money as exact
/// decimal text.
/// </summary>
internal static class ControlJson
{
    public static JsonSerializerOptions Options { get; } = Make();

    public static void Configure(JsonSerializerOptions options) => Configure(options, new NanoUsdConverter(allowsNegative: false));

    private static void Configure(JsonSerializerOptions options, NanoUsdConverter money)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.AllowDuplicateProperties = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 16;
        options.Converters.Add(money);
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        // What was answered is read again for a repetition, and answers have credits.
        Configure(options, new NanoUsdConverter(allowsNegative: true));
        options.TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver();
        options.MakeReadOnly();
        return options;
    }

    /// <summary>An amount is text such as <c>"12.5"</c>: a number would lose digits on its way through many a client. A number is read.</summary>
    private sealed class NanoUsdConverter(bool allowsNegative) : JsonConverter<NanoUsd>
    {
        private const string Expected = "expected an amount in USD such as \"250\" or \"0.25\", not negative, with at most nine decimals";

        public override NanoUsd Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.TokenType switch
            {
                JsonTokenType.String => reader.GetString()!,
                JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
                _ => throw new JsonException(Expected),
            };
            return NanoUsd.TryParse(text, out var amount) && (allowsNegative || !amount.IsNegative) ? amount : throw new JsonException(Expected);
        }

        public override void Write(Utf8JsonWriter writer, NanoUsd value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
