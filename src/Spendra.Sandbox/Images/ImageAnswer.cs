using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Images;

/// <summary><c>POST /v1/images/generations</c> and <c>/v1/images/edits</c>: as many pictures of one pixel as asked for.</summary>
internal static class ImageAnswer
{
    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        if (ImageRequest.Read(exchange, call, out var request) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);
        if (call.Stream)
            return ImageStream.AnswerAsync(exchange, call, request);
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json, exchange, call, request);
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    /// <summary>Text and image tokens apart, since they have prices of their own.</summary>
    public static void WriteUsage(Utf8JsonWriter json, Usage usage)
    {
        json.WriteStartObject("usage"u8);
        UsageJson.Number(json, "input_tokens"u8, usage.Input, usage);
        UsageJson.Number(json, "output_tokens"u8, usage.Output, usage);
        UsageJson.Number(json, "total_tokens"u8, usage.Total, usage);
        json.WriteStartObject("input_tokens_details"u8);
        UsageJson.Number(json, "text_tokens"u8, usage.Input - usage.ImageInput, usage);
        UsageJson.Number(json, "image_tokens"u8, usage.ImageInput, usage);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteSettings(Utf8JsonWriter json, ImageRequest request)
    {
        json.WriteString("background"u8, request.Background);
        json.WriteString("output_format"u8, request.Format);
        json.WriteString("quality"u8, request.Quality is "auto" ? "medium" : request.Quality);
        json.WriteString("size"u8, request.Size is "auto" ? "1024x1024" : request.Size);
    }

    private static void Write(Utf8JsonWriter json, Exchange exchange, ModelCall call, ImageRequest request)
    {
        json.WriteStartObject();
        json.WriteNumber("created"u8, exchange.Sandbox.NowSeconds);
        json.WriteStartArray("data"u8);
        for (var image = 0; image < request.Count; image++)
            WriteImage(json, request);
        json.WriteEndArray();
        if (!request.IsDallE)
        {
            WriteSettings(json, request);
            if (!call.Knobs.NoUsage)
                WriteUsage(json, request.UsageOf(call));
        }
        json.WriteEndObject();
    }

    private static void WriteImage(Utf8JsonWriter json, ImageRequest request)
    {
        json.WriteStartObject();
        if (request.WantsUrl)
            json.WriteString("url"u8, "https://sandbox.invalid/image.png"u8);
        else
            json.WriteString("b64_json"u8, Pixel.Base64);
        if (request.IsDallE)
            json.WriteString("revised_prompt"u8, "a pixel"u8);
        json.WriteEndObject();
    }
}
