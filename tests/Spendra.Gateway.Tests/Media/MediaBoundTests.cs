using CsCheck;
using Spendra.Gateway.Dialects.OpenAi.Media;

namespace Spendra.Gateway.Tests.Media;

/// <summary>The bound of a call for pictures or sound covers whatever the provider then bills.</summary>
public sealed class MediaBoundTests
{
    private static readonly Gen<MediaCall> Calls = Gen.OneOf(
        from model in OneOf("gpt-image-2", "gpt-image-1.5")
        from size in OneOf("auto", "1024x1024", "1024x1536", "1536x1024")
        from quality in OneOf("auto", "low", "medium", "high")
        from count in Gen.Int[1, 4]
        from partials in Gen.Int[0, 3]
        from isEdit in Gen.Bool
        from isStream in Gen.Bool
        let stream = isStream && count == 1 ? "true" : "false"
        select isEdit
            ? MediaCall.Edit(model, more: [("size", size), ("quality", quality), ("n", $"{count}"), ("partial_images", $"{partials}"), ("stream", stream), ("input_fidelity", "high")])
            : MediaCall.Image(model, more: $"\"size\":\"{size}\",\"quality\":\"{quality}\",\"n\":{count},\"partial_images\":{partials},\"stream\":{stream}"),
        from text in Gen.String[Gen.Char[" aé中\ud83e\"\\"], 1, 60]
        from model in OneOf("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
        let isSpoken = model.StartsWith("tts")
        select MediaCall.Speech(model, text: text.Replace("\ud83e", "\ud83e\udd8a"), more: isSpoken ? "" : "\"stream_format\":\"sse\""),
        from model in OneOf("whisper-1", "writer", "gpt-transcribe")
        from milliseconds in Gen.Int[0, 90_000]
        select MediaCall.Recording("transcriptions", model, model == "gpt-transcribe" ? "usage_type=duration" : "", Sounds.Wave(milliseconds, 1_000)));

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    [Fact]
    public async Task Every_answer_is_settled_within_its_bound()
    {
        await using var company = await Company.StartAsync(MediaCall.Rules with { Cap = "1000000" });
        var calls = Calls.Array[150].Single();

        foreach (var call in calls) (await call.SendAsync(company)).ShouldBe(200, what: call.ToString());

        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(calls.Length).And.OnlyContain(e => !e.IsEstimated && e.CostNanos <= e.ReservedNanos);
        books.Excesses.Should().BeEmpty();
    }

    [Theory]
    // OpenAI's image guide
    [InlineData("gpt-image-1.5", "1024x1024", "low", 272)]
    [InlineData("gpt-image-1.5", "1024x1536", "medium", 1_584)]
    [InlineData("gpt-image-1.5", "1536x1024", "high", 6_208)]
    [InlineData("gpt-image-1.5", "auto", "low", 408)]
    [InlineData("gpt-image-1.5", "auto", "auto", 6_240)]
    // Its cost calculator: 96·96·(2,000,000 + 1,048,576)/4,000,000, and 96·55·(2,000,000 + 3584·2048)/4,000,000
    [InlineData("gpt-image-2", "1024x1024", "high", 7_024)]
    [InlineData("gpt-image-2", "3584x2048", "high", 12_329)]
    [InlineData("gpt-image-2", "1024x1024", "medium", 1_756)]
    [InlineData("gpt-image-2", "1024x1024", "low", 272)]
    [InlineData("gpt-image-2", "2880x2880", "auto", 23_719)]
    [InlineData("gpt-image-2-2026-04-21", "2880x2880", "auto", 23_719)]
    public void Tokens_of_an_image_are_known_by_size_and_quality(string model, string size, string quality, long tokens) =>
        ImageTokens.MostOf(model, size, quality).Should().Be(tokens);

    [Theory]
    [InlineData("gpt-image-2", "auto", "low")]
    [InlineData("gpt-image-2", "4096x1024", "low")]
    [InlineData("gpt-image-2", "3840x3840", "low")]
    [InlineData("gpt-image-2", "1024x", "low")]
    [InlineData("gpt-image-2", "x1024", "low")]
    [InlineData("gpt-image-2", "0x1024", "low")]
    [InlineData("gpt-image-2", "1024x1024", "ultra")]
    [InlineData("gpt-image-1.5", "2048x2048", "low")]
    [InlineData("gpt-image-3", "1024x1024", "low")]
    [InlineData("gpt-image-2-2026-21-04", "1024x1024", "low")]
    public void What_the_guide_does_not_list_is_not_guessed(string model, string size, string quality) =>
        ImageTokens.MostOf(model, size, quality).Should().BeNull();
}
