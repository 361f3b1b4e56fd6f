using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Audio;

/// <summary>
/// <c>POST /v1/audio/speech</c>: raw audio in chunks, a chunk for each word, which says nothing of its usage; or, with
/// <c>stream_format=sse</c>, events of which the last has it.
/// </summary>
internal static class SpeechAnswer
{
    private const int MaxInputCharacters = 4_096;
    private static readonly byte[] s_sound = new byte[480];

    public static async Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var fields = call.Fields!;
        var input = fields.Required("input");
        fields.Required("voice");
        if (string.IsNullOrEmpty(call.Model))
            fields.Blame(Refusal.Missing("model"));
        if (input.Length > MaxInputCharacters)
            fields.Blame(Refusal.Invalid($"Invalid 'input': at most {MaxInputCharacters} characters.", "input", "string_above_max_length"));
        var format = fields.OneOf("response_format", "mp3", "opus", "aac", "flac", "wav", "pcm");
        var isEvents = fields.OneOf("stream_format", "audio", "sse") is "sse";
        if (isEvents && call.ReportedModel.StartsWith("tts-1", StringComparison.Ordinal))
            fields.Blame(Refusal.Invalid("This model does not support stream_format sse.", "stream_format"));
        if (fields.Fault is { } refusal)
            await Answers.RefuseAsync(exchange, refusal);
        else if (isEvents)
            await SendEventsAsync(exchange, call, UsageOf(call, Encoding.UTF8.GetByteCount(input)));
        else
            await SendSoundAsync(exchange, call, format);
    }

    private static Usage UsageOf(ModelCall call, long inputBytes) => new(
        call.Knobs.InputTokens ?? SandboxUsage.TextTokens(inputBytes),
        call.Knobs.OutputTokens ?? call.WordsOfChoice,
        0, 0, 0, call.Knobs.UsageAsStrings)
    {
        GivenTotal = call.Knobs.TotalTokens,
    };

    private static async Task SendSoundAsync(Exchange exchange, ModelCall call, string format)
    {
        exchange.StampHeaders();
        exchange.Context.Response.ContentType = format switch
        {
            "mp3" => "audio/mpeg",
            "opus" => "audio/ogg",
            _ => $"audio/{format}",
        };
        await using var sink = new AnswerSink(exchange.Context, call.Knobs, exchange.Sandbox.Time);
        for (var word = 0; word < call.WordsOfChoice; word++)
            await sink.SendAsync(s_sound);
    }

    private static async Task SendEventsAsync(Exchange exchange, ModelCall call, Usage usage)
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
            await events.SendAsync(null, call, static (json, _) =>
            {
                json.WriteString("type"u8, "speech.audio.delta"u8);
                json.WriteBase64String("audio"u8, s_sound);
            }, word == 0 ? call.Knobs.LineBytes : null);
        }
        if (!call.Knobs.NoDone)
            await events.SendAsync(null, (call, usage), static (json, at) => WriteDone(json, at.call, at.usage));
    }

    private static void WriteDone(Utf8JsonWriter json, ModelCall call, Usage usage)
    {
        json.WriteString("type"u8, "speech.audio.done"u8);
        if (call.Knobs.NoUsage)
            return;
        json.WriteStartObject("usage"u8);
        UsageJson.Number(json, "input_tokens"u8, usage.Input, usage);
        UsageJson.Number(json, "output_tokens"u8, usage.Output, usage);
        UsageJson.Number(json, "total_tokens"u8, usage.Total, usage);
        json.WriteEndObject();
    }
}
