using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Images;

/// <summary>An image as a stream: the partial ones that were asked for, then the whole one with the usage.</summary>
internal static class ImageStream
{
    public static async Task AnswerAsync(Exchange exchange, ModelCall call, ImageRequest request)
    {
        await using var events = new EventStream(exchange, call.Knobs);
        var prefix = exchange.Match.Route is SandboxRoute.EditImage ? "image_edit" : "image_generation";
        var created = exchange.Sandbox.NowSeconds;
        for (var partial = 0; partial < request.Partials; partial++)
        {
            var name = $"{prefix}.partial_image";
            await events.SendAsync(name, (name, created, request, partial), static (json, at) =>
            {
                WriteHead(json, at.name, at.created, at.request);
                json.WriteNumber("partial_image_index"u8, at.partial);
            });
        }
        if (call.Knobs.ErrorMidstream)
        {
            await events.SendAsync("error", Refusal.OfStatus(500), static (json, refusal) =>
            {
                json.WriteString("type"u8, "error"u8);
                Answers.WriteError(json, refusal);
            });
            return;
        }
        if (call.Knobs.NoDone)
            return;
        var last = $"{prefix}.completed";
        await events.SendAsync(last, (last, created, request, call), static (json, at) =>
        {
            WriteHead(json, at.last, at.created, at.request);
            if (!at.call.Knobs.NoUsage)
                ImageAnswer.WriteUsage(json, at.request.UsageOf(at.call));
        }, call.Knobs.LineBytes);
    }

    private static void WriteHead(Utf8JsonWriter json, string type, long created, ImageRequest request)
    {
        json.WriteString("type"u8, type);
        json.WriteString("b64_json"u8, Pixel.Base64);
        json.WriteNumber("created_at"u8, created);
        ImageAnswer.WriteSettings(json, request);
    }
}
