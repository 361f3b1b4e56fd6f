using System.ClientModel;
using System.Text.Json;
using OpenAI.Audio;
using OpenAI.Images;
using OpenAI.Moderations;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>
/// Images, speech, recordings and moderations by the clients that people use, changed only in base URL and key. Costs are
/// reckoned by hand, in nano-USD.
/// </summary>
public sealed class MediaClientTests
{
    private const string Prompt = "A red cube";
    private const int SamplesPerSecond = 8_000;

    // The sandbox's only picture, and 10 milliseconds of silence for each of 16 words.
    private const int PixelBytes = 70;
    private const int PixelCharacters = (PixelBytes + 2) / 3 * 4;
    private const int SoundBytes = 16 * 480;

    // Three tokens of text, and 1,056 of an image whose size and quality are left open: 3·5,000 + 1,056·30,000.
    private const long Image = 31_695_000;

    // "Hello" has five characters: 5·15,000.
    private const long Speech = 75_000;

    // Three seconds of whisper-1: 3·100,000.
    private const long Recording = 300_000;

    // gpt-image-1.5, low and square with one unfinished image: 3·5,000 + (272 + 100)·32,000.
    private const long StreamedImage = 11_919_000;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_DotNet_client_works_and_every_call_costs_what_it_must(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        var client = served.OpenAi(site.Keys["ada"]);
        var cancel = TestContext.Current.CancellationToken;
        using var recording = new MemoryStream(Silence(seconds: 3));

        GeneratedImageCollection images = await client.GetImageClient("gpt-image-2").GenerateImagesAsync(Prompt, 1, cancellationToken: cancel);
        BinaryData sound = await client.GetAudioClient("tts-1").GenerateSpeechAsync("Hello", GeneratedSpeechVoice.Alloy, cancellationToken: cancel);
        AudioTranscription transcription = await client.GetAudioClient("whisper-1").TranscribeAudioAsync(recording, "a.wav", cancellationToken: cancel);
        ModerationResult verdict = await client.GetModerationClient("omni-moderation-latest").ClassifyTextAsync("Hello", cancel);
        var refusal = await ((Func<Task>)(() => client.GetImageClient("dall-e-3").GenerateImageAsync(Prompt, cancellationToken: cancel)))
            .Should().ThrowAsync<ClientResultException>();

        images.Usage.OutputTokenCount.Should().Be(1_056);
        images[0].ImageBytes.ToMemory().Length.Should().Be(PixelBytes);
        sound.ToMemory().Length.Should().Be(SoundBytes);
        transcription.Text.Should().Be(Acme.Text);
        verdict.Flagged.Should().BeFalse();
        refusal.Which.Status.Should().Be(400);
        refusal.Which.Message.Should().StartWith("HTTP 400 (invalid_request_error: unpriceable_request)");
        await served.ShouldStopAsync();
        await ShouldHaveCostAsync(site, Image + Speech + Recording);
    }

    [Fact]
    public async Task The_NodeJs_client_works_and_every_call_costs_what_it_must()
    {
        await using var site = await Site.CreateAsync(DatabaseEngine.Sqlite);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();

        var seen = await RunNodeAsync(site, served);

        seen.GetProperty("image").GetProperty("usage").GetProperty("output_tokens").GetInt64().Should().Be(1_056);
        seen.GetProperty("image").GetProperty("bytes").GetInt32().Should().Be(PixelCharacters);
        seen.GetProperty("events").EnumerateArray().Select(e => e.GetString()).Should().Equal("image_generation.partial_image", "image_generation.completed");
        seen.GetProperty("sound").GetInt64().Should().Be(SoundBytes);
        seen.GetProperty("transcription").GetString().Should().Be(Acme.Text);
        seen.GetProperty("flagged").GetBoolean().Should().BeFalse();
        seen.GetProperty("refusal").GetProperty("code").GetString().Should().Be("unpriceable_request");
        await served.ShouldStopAsync();
        await ShouldHaveCostAsync(site, Image + StreamedImage + Speech + Recording);
    }

    private static async Task<JsonElement> RunNodeAsync(Site site, ServedProcess served)
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "openai")).Should().BeTrue(
            "the Node.js client must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var variables = new Dictionary<string, string?>
        {
            ["OPENAI_BASE_URL"] = new Uri(served.Url, "/v1").ToString(),
            ["OPENAI_API_KEY"] = site.Keys["ada"],
            ["SPENDRA_RECORDING"] = Convert.ToBase64String(Silence(seconds: 3)),
        };
        return (await SpendraProcess.RunAsync("node", ["openai-media.mjs"], variables, clients)).ShouldSucceed().Json;
    }

    /// <summary>A WAV of samples of 16 bits.</summary>
    private static byte[] Silence(int seconds)
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        var sound = seconds * SamplesPerSecond * 2;
        writer.Write("RIFF"u8);
        writer.Write(36 + sound);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(SamplesPerSecond);
        writer.Write(SamplesPerSecond * 2);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(sound);
        writer.Write(new byte[sound]);
        return file.ToArray();
    }

    private static async Task ShouldHaveCostAsync(Site site, long nanos)
    {
        await site.ShouldVerifyAsync();
        var ada = await site.StandingAsync("ada-total");
        ada.Settled.Should().Be(new NanoUsd(nanos));
        ada.Reserved.Should().Be(NanoUsd.Zero);
    }
}
