using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Audio;

/// <summary>
/// <c>POST /v1/audio/transcriptions</c> and <c>/v1/audio/translations</c>: the words of every answer, whatever the recording
/// says. A translation does not tell what it used.
/// </summary>
internal static class TranscriptionAnswer
{
    public static async Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var fields = call.Fields!;
        var recording = fields.Files.FirstOrDefault(file => file.Field is "file");
        var isWhisper = call.ReportedModel.StartsWith("whisper", StringComparison.Ordinal);
        if (recording is null)
            fields.Blame(Refusal.Missing("file"));
        if (string.IsNullOrEmpty(call.Model))
            fields.Blame(Refusal.Missing("model"));
        var format = isWhisper
            ? fields.OneOf("response_format", "json", "text", "srt", "verbose_json", "vtt")
            : fields.OneOf("response_format", "json", "text");
        if (fields.Fault is { } refusal)
        {
            await Answers.RefuseAsync(exchange, refusal);
            return;
        }
        var usage = TranscriptionUsage.Of(call, recording!.Content, fields.Text("prompt"));
        // The older model ignores the wish for a stream.
        if (call.Stream && !isWhisper)
            await SendStreamAsync(exchange, call, usage);
        else
            await SendAsync(exchange, call, usage, format);
    }

    private static Task SendAsync(Exchange exchange, ModelCall call, TranscriptionUsage usage, string format)
    {
        var text = Words.Text(call.WordsOfChoice);
        if (format is not ("json" or "verbose_json"))
            return Answers.SendAsync(exchange, Encoding.UTF8.GetBytes(text + "\n"), "text/plain; charset=utf-8", call.Knobs);
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        if (format is "verbose_json")
        {
            json.WriteString("task"u8, "transcribe"u8);
            json.WriteString("language"u8, "english"u8);
            UsageJson.Number(json, "duration"u8, usage.Seconds, usage.Tokens);
            json.WriteStartArray("segments"u8);
            json.WriteEndArray();
        }
        json.WriteString("text"u8, text);
        if (!call.Knobs.NoUsage && exchange.Match.Route is not SandboxRoute.CreateTranslation)
            usage.Write(json);
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static async Task SendStreamAsync(Exchange exchange, ModelCall call, TranscriptionUsage usage)
    {
        await using var events = new EventStream(exchange, call.Knobs);
        var words = call.WordsOfChoice;
        for (var word = 0; word < words; word++)
        {
            if (call.Knobs.ErrorMidstream && word == (words + 1) / 2)
            {
                await events.SendAsync(null, Refusal.OfStatus(500), Answers.WriteError);
                return;
            }
            await events.SendAsync(null, word, static (json, at) =>
            {
                json.WriteString("type"u8, "transcript.text.delta"u8);
                json.WriteString("delta"u8, Words.Piece(at));
            }, word == 0 ? call.Knobs.LineBytes : null);
        }
        if (!call.Knobs.NoDone)
            await events.SendAsync(null, (call, usage), static (json, at) => WriteDone(json, at.call, at.usage));
    }

    private static void WriteDone(Utf8JsonWriter json, ModelCall call, TranscriptionUsage usage)
    {
        json.WriteString("type"u8, "transcript.text.done"u8);
        json.WriteString("text"u8, Words.Text(call.WordsOfChoice));
        if (!call.Knobs.NoUsage)
            usage.Write(json);
    }
}
