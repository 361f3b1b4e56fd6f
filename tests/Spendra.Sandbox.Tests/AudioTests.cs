using System.Buffers.Binary;
using System.IO.Compression;

namespace Spendra.Sandbox.Tests;

public sealed class AudioTests : IAsyncLifetime
{
    private const string Speech = "audio/speech";
    private const string Transcription = "audio/transcriptions";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData("mp3", "audio/mpeg")]
    [InlineData("opus", "audio/ogg")]
    [InlineData("wav", "audio/wav")]
    public async Task Speech_is_raw_audio_that_says_nothing_of_its_usage(string format, string type)
    {
        using var answer = await _provider.PostAsync(Speech, SpeechBody(more: $",\"response_format\":\"{format}\""));

        ((int)answer.StatusCode).Should().Be(200);
        answer.Content.Headers.ContentType!.MediaType.Should().Be(type);
        (await answer.Content.ReadAsByteArrayAsync(Provider.Token)).Should().HaveCount(16 * 480);
    }

    [Fact]
    public async Task Speech_as_events_ends_with_its_usage()
    {
        var events = Provider.Events(await _provider.StreamAsync(Speech, SpeechBody("12345678", ",\"stream_format\":\"sse\"")));

        events.Should().HaveCount(16 + 1);
        ((string)events[0]["type"]!).Should().Be("speech.audio.delta");
        ((string)events[^1]["type"]!).Should().Be("speech.audio.done");
        ((long)events[^1]["usage"]!["input_tokens"]!).Should().Be(2);
        ((long)events[^1]["usage"]!["output_tokens"]!).Should().Be(16);
        ((long)events[^1]["usage"]!["total_tokens"]!).Should().Be(18);
    }

    [Theory]
    [InlineData("""{"model":"m","voice":"v"}""", "input")]
    [InlineData("""{"model":"m","input":"x"}""", "voice")]
    [InlineData("""{"input":"x","voice":"v"}""", "model")]
    [InlineData("""{"model":"m","input":"x","voice":"v","response_format":"midi"}""", "response_format")]
    [InlineData("""{"model":"tts-1","input":"x","voice":"v","stream_format":"sse"}""", "stream_format")]
    public async Task Speech_that_makes_no_sense_is_refused(string body, string param)
    {
        var answer = await _provider.PostJsonAsync(Speech, body, status: 400);

        ((string)answer["error"]!["param"]!).Should().Be(param);
    }

    [Fact]
    public async Task Speech_has_a_longest_input()
    {
        using var fits = await _provider.PostAsync(Speech, SpeechBody(new string('x', 4_096)));
        await _provider.PostJsonAsync(Speech, SpeechBody(new string('x', 4_097)), status: 400);

        ((int)fits.StatusCode).Should().Be(200);
    }

    [Fact]
    public async Task Knobs_of_speech_break_and_change_it()
    {
        (await _provider.BrokenAsync(Speech, SpeechBody("[[sandbox break_after=2]]"))).Should().HaveCount(2 * 480);
        await _provider.PostJsonAsync(Speech, SpeechBody("[[sandbox status=429]]"), status: 429);

        const string streamed = ",\"stream_format\":\"sse\"";
        var odd = Provider.Events(await _provider.StreamAsync(Speech, SpeechBody("[[sandbox tokens=3 output_tokens=1000]]", streamed)));
        var silent = Provider.Events(await _provider.StreamAsync(Speech, SpeechBody("[[sandbox no_usage=true]]", streamed)));
        var open = Provider.Events(await _provider.StreamAsync(Speech, SpeechBody("[[sandbox no_done=true]]", streamed)));
        var failed = Provider.Events(await _provider.StreamAsync(Speech, SpeechBody("[[sandbox error_midstream=true]]", streamed)));

        odd.Should().HaveCount(3 + 1);
        ((long)odd[^1]["usage"]!["output_tokens"]!).Should().Be(1_000);
        silent[^1].AsObject().ContainsKey("usage").Should().BeFalse();
        ((string)open[^1]["type"]!).Should().Be("speech.audio.delta");
        failed[^1]["error"].Should().NotBeNull();
    }

    [Fact]
    public async Task Sound_may_be_packed_although_nobody_asked()
    {
        using var answer = await _provider.PostAsync(Speech, SpeechBody("[[sandbox gzip=true]]"));

        answer.Content.Headers.ContentEncoding.Should().Equal("gzip");
        await using var packed = await answer.Content.ReadAsStreamAsync(Provider.Token);
        await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        var sound = new MemoryStream();
        await unpacked.CopyToAsync(sound, Provider.Token);
        sound.Length.Should().Be(16 * 480);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(16_000, 1)]
    [InlineData(16_001, 2)]
    public async Task Recording_that_is_no_wav_is_measured_by_its_bytes(int bytes, int seconds)
    {
        var usage = (await TranscribeAsync(new byte[bytes], ("model", "whisper-1")))["usage"]!;

        ((string)usage["type"]!).Should().Be("duration");
        ((long)usage["seconds"]!).Should().Be(seconds).And.Be(SandboxMediaUsage.AudioSeconds(new byte[bytes]));
    }

    [Fact]
    public async Task Wav_is_measured_by_its_header()
    {
        var wav = Wav(bytesPerSecond: 32_000, dataBytes: 32_000 * 3 + 1);

        var usage = (await TranscribeAsync(wav, ("model", "gpt-4o-transcribe"), ("prompt", "12345")))["usage"]!;

        ((string)usage["type"]!).Should().Be("tokens");
        ((long)usage["input_token_details"]!["audio_tokens"]!).Should().Be(4 * SandboxMediaUsage.AudioTokensPerSecond);
        ((long)usage["input_token_details"]!["text_tokens"]!).Should().Be(2);
        ((long)usage["input_tokens"]!).Should().Be(42);
        ((long)usage["output_tokens"]!).Should().Be(16);
        ((long)usage["total_tokens"]!).Should().Be(58);
    }

    [Fact]
    public async Task Streamed_transcription_ends_with_text_and_usage()
    {
        using var form = Provider.Form("file", "a.mp3", [1], ("model", "gpt-4o-mini-transcribe"), ("stream", "true"));
        using var answer = await _provider.Http.PostAsync(Transcription, form, Provider.Token);

        var events = Provider.Events(await answer.Content.ReadAsStringAsync(Provider.Token));

        events.Should().HaveCount(16 + 1);
        ((string)events[^1]["type"]!).Should().Be("transcript.text.done");
        ((string)events[^1]["text"]!).Should().Be(string.Concat(events[..^1].Select(item => (string)item["delta"]!)));
        ((long)events[^1]["usage"]!["total_tokens"]!).Should().Be(26);
    }

    [Fact]
    public async Task Whisper_ignores_the_wish_for_a_stream()
    {
        var answer = await TranscribeAsync([1], ("model", "whisper-1"), ("stream", "true"));

        ((string)answer["text"]!).Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_translation_does_not_tell_what_it_used()
    {
        using var form = Provider.Form("file", "a.mp3", [1], ("model", "whisper-1"));

        var answer = await _provider.PostFormAsync("audio/translations", form);

        ((string)answer["text"]!).Should().NotBeEmpty();
        answer.AsObject().ContainsKey("usage").Should().BeFalse();
    }

    [Fact]
    public async Task Longer_forms_have_a_duration_and_plain_text_has_no_usage()
    {
        var verbose = await TranscribeAsync(new byte[20_000], ("model", "whisper-1"), ("response_format", "verbose_json"));
        using var form = Provider.Form("file", "a.mp3", [1], ("model", "whisper-1"), ("response_format", "text"));
        using var text = await _provider.Http.PostAsync(Transcription, form, Provider.Token);

        ((long)verbose["duration"]!).Should().Be(2);
        ((long)verbose["usage"]!["seconds"]!).Should().Be(2);
        text.Content.Headers.ContentType!.MediaType.Should().Be("text/plain");
        (await text.Content.ReadAsStringAsync(Provider.Token)).Should().StartWith("Every budget").And.NotContain("usage");
    }

    [Fact]
    public async Task Knobs_stand_in_the_prompt_or_in_the_name_of_the_file()
    {
        var byPrompt = await TranscribeAsync([1], ("model", "whisper-1"), ("prompt", "[[sandbox seconds=-3]]"));
        var asTokens = await TranscribeAsync([1], ("model", "whisper-1"), ("prompt", "[[sandbox usage_type=tokens audio_tokens=7]]"));
        using var form = Provider.Form("file", "[[sandbox status=500]].mp3", [1], ("model", "whisper-1"));

        ((long)byPrompt["usage"]!["seconds"]!).Should().Be(-3);
        ((long)asTokens["usage"]!["input_token_details"]!["audio_tokens"]!).Should().Be(7);
        await _provider.PostFormAsync(Transcription, form, status: 500);
    }

    [Fact]
    public async Task Transcription_without_file_or_model_is_refused()
    {
        using var noFile = Provider.Form("other", "a.mp3", [1], ("model", "whisper-1"));
        using var noModel = Provider.Form("file", "a.mp3", [1]);
        using var badFormat = Provider.Form("file", "a.mp3", [1], ("model", "gpt-4o-transcribe"), ("response_format", "srt"));

        ((string)(await _provider.PostFormAsync(Transcription, noFile, status: 400))["error"]!["param"]!).Should().Be("file");
        ((string)(await _provider.PostFormAsync(Transcription, noModel, status: 400))["error"]!["param"]!).Should().Be("model");
        ((string)(await _provider.PostFormAsync(Transcription, badFormat, status: 400))["error"]!["param"]!).Should().Be("response_format");
        await _provider.PostJsonAsync(Transcription, "{}", status: 400);
    }

    private static string SpeechBody(string input = "Hello", string more = "") =>
        $$"""{"model":"gpt-4o-mini-tts","input":"{{input}}","voice":"alloy"{{more}}}""";

    private static byte[] Wav(uint bytesPerSecond, int dataBytes)
    {
        var wav = new byte[44 + dataBytes];
        "RIFF"u8.CopyTo(wav);
        "WAVE"u8.CopyTo(wav.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(wav.AsSpan(28), bytesPerSecond);
        return wav;
    }

    private async Task<System.Text.Json.Nodes.JsonNode> TranscribeAsync(byte[] content, params (string Name, string Value)[] texts)
    {
        using var form = Provider.Form("file", "a.mp3", content, texts);
        return await _provider.PostFormAsync(Transcription, form);
    }
}
