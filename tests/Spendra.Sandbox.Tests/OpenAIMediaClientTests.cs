using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Chat;
using OpenAI.Images;
using OpenAI.Moderations;

namespace Spendra.Sandbox.Tests;

/// <summary>The official client accepts the shapes of media, and those of other providers in OpenAI's dialect.</summary>
public sealed class OpenAIMediaClientTests : IAsyncLifetime
{
    private static readonly ApiKeyCredential s_key = new("sk-test");
    private SandboxServer _server = null!;

    private OpenAIClientOptions Options => new() { Endpoint = _server.BaseUrl, RetryPolicy = new ClientRetryPolicy(0) };

    public async ValueTask InitializeAsync() => _server = await SandboxServer.StartAsync(new SandboxOptions(), Provider.Token);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Images_are_understood_with_their_usage()
    {
        var client = new ImageClient("gpt-image-1", s_key, Options);

        GeneratedImageCollection images = await client.GenerateImagesAsync("A red cube", 2, cancellationToken: Provider.Token);

        images.Should().HaveCount(2);
        images[0].ImageBytes.ToMemory().Length.Should().BePositive();
        images.Usage.OutputTokenCount.Should().Be(2 * SandboxMediaUsage.ImageTokens("auto", "auto"));
        images.Usage.InputTokenDetails.TextTokenCount.Should().Be(3);
    }

    [Fact]
    public async Task Image_edit_is_understood()
    {
        var client = new ImageClient("gpt-image-1", s_key, Options);
        using var source = new MemoryStream([1, 2, 3]);

        GeneratedImage image = await client.GenerateImageEditAsync(source, "source.png", "make it blue", cancellationToken: Provider.Token);

        image.ImageBytes.ToMemory().Length.Should().BePositive();
    }

    [Fact]
    public async Task Speech_is_understood()
    {
        var client = new AudioClient("tts-1", s_key, Options);

        BinaryData sound = await client.GenerateSpeechAsync("Hello", GeneratedSpeechVoice.Alloy, cancellationToken: Provider.Token);

        sound.ToMemory().Length.Should().Be(16 * 480);
    }

    [Fact]
    public async Task Transcription_is_understood()
    {
        var client = new AudioClient("whisper-1", s_key, Options);
        using var recording = new MemoryStream(new byte[32_000]);

        AudioTranscription transcription = await client.TranscribeAudioAsync(
            recording, "a.mp3", new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Verbose }, Provider.Token);

        transcription.Text.Split(' ').Should().HaveCount(16);
        transcription.Duration.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Moderation_is_understood()
    {
        var client = new ModerationClient("omni-moderation-latest", s_key, Options);

        ModerationResult result = await client.ClassifyTextAsync("[[sandbox flagged=true]]", Provider.Token);

        result.Flagged.Should().BeTrue();
        result.Violence.Flagged.Should().BeTrue();
    }

    [Theory]
    [InlineData("/openai/v1")]
    [InlineData("/api/v1")]
    [InlineData("/v1beta/openai")]
    [InlineData("/v1/projects/p/locations/global/endpoints/openapi")]
    public async Task Streams_of_other_providers_are_understood_with_their_usage(string path)
    {
        var client = new ChatClient("m", s_key, new OpenAIClientOptions { Endpoint = new Uri(_server.Root, path) });
        var words = "";
        ChatTokenUsage? usage = null;

        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage("Hello")], cancellationToken: Provider.Token))
        {
            words += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }

        words.Split(' ').Should().HaveCount(16);
        usage!.TotalTokenCount.Should().Be(25);
    }
}
