using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Azure;

/// <summary>
/// Errors as Azure writes them: OpenAI's shape for bodies that make no sense, a content filter's verdict in
/// <c>innererror</c>, the status as a text in <c>code</c> for the rest, and the API manager's own shape on request.
/// </summary>
internal static class AzureErrors
{
    public static void Write(Utf8JsonWriter json, Refusal refusal)
    {
        if (refusal.Type is "apim")
        {
            json.WriteNumber("statusCode"u8, refusal.Status);
            json.WriteString("message"u8, refusal.Message);
        }
        else if (refusal.Code is "content_filter")
        {
            WriteFiltered(json, refusal);
        }
        else if (refusal.NativeCode is null && refusal.Status is 400 or 409 or 413 or 422)
        {
            Answers.WriteError(json, refusal);
        }
        else
        {
            json.WriteStartObject("error"u8);
            json.WriteString("code"u8, refusal.NativeCode ?? refusal.Status.ToString(CultureInfo.InvariantCulture));
            json.WriteString("message"u8, refusal.Message);
            json.WriteEndObject();
        }
    }

    private static void WriteFiltered(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, refusal.Message);
        json.WriteNull("type"u8);
        json.WriteString("param"u8, "prompt"u8);
        json.WriteString("code"u8, "content_filter"u8);
        json.WriteNumber("status"u8, refusal.Status);
        json.WriteStartObject("innererror"u8);
        json.WriteString("code"u8, "ResponsibleAIPolicyViolation"u8);
        ContentFilter.Write(json, "content_filter_result"u8, isFiltered: true);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
