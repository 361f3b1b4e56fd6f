using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Audio;

/// <summary>The usage of a transcription: tokens, or with the older model the seconds of the recording.</summary>
/// <param name="Tokens">The tokens; its audio input is the part that is no text.</param>
/// <param name="Seconds">Length of the recording, rounded up.</param>
/// <param name="IsDuration">Only the seconds are reported.</param>
internal readonly record struct TranscriptionUsage(Usage Tokens, Int128 Seconds, bool IsDuration)
{
    public static TranscriptionUsage Of(ModelCall call, byte[] recording, string? prompt)
    {
        var knobs = call.Knobs;
        var seconds = knobs.Seconds ?? SandboxMediaUsage.AudioSeconds(recording);
        var audio = knobs.AudioTokens ?? Int128.Clamp(seconds, long.MinValue, long.MaxValue) * SandboxMediaUsage.AudioTokensPerSecond;
        var text = SandboxUsage.TextTokens(Encoding.UTF8.GetByteCount(prompt ?? ""));
        var tokens = new Usage(
            knobs.InputTokens ?? audio + text, knobs.OutputTokens ?? call.WordsOfChoice, 0, 0, 0, knobs.UsageAsStrings)
        {
            GivenTotal = knobs.TotalTokens,
            AudioInput = audio,
        };
        var isWhisper = call.ReportedModel.StartsWith("whisper", StringComparison.Ordinal);
        return new TranscriptionUsage(tokens, seconds, knobs.UsageType is { } type ? type is "duration" : isWhisper);
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage"u8);
        if (IsDuration)
        {
            json.WriteString("type"u8, "duration"u8);
            UsageJson.Number(json, "seconds"u8, Seconds, Tokens);
        }
        else
        {
            json.WriteString("type"u8, "tokens"u8);
            UsageJson.Number(json, "input_tokens"u8, Tokens.Input, Tokens);
            json.WriteStartObject("input_token_details"u8);
            UsageJson.Number(json, "text_tokens"u8, Tokens.Input - Tokens.AudioInput, Tokens);
            UsageJson.Number(json, "audio_tokens"u8, Tokens.AudioInput, Tokens);
            json.WriteEndObject();
            UsageJson.Number(json, "output_tokens"u8, Tokens.Output, Tokens);
            UsageJson.Number(json, "total_tokens"u8, Tokens.Total, Tokens);
        }
        json.WriteEndObject();
    }
}
