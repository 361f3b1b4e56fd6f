using System.Text;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// Google's doors for OpenAI's clients tell tokens and not what they were. What has a rate of its own for images or sound
/// cannot be settled there, and is not sold; in Google's own format it is.
/// </summary>
public sealed class OutputKindTests
{
    private static string Chat(string model, string more = "", string content = "\"draw\"") =>
        $$"""{"model":"{{model}}",{{more}}"max_tokens":8000,"messages":[{"role":"user","content":{{content}}}]}""";

    private static string Image(string address) => $$$"""[{"type":"image_url","image_url":{"url":"{{{address}}}"}}]""";

    private static PriceVersion WithRate(string provider, string model, UnitClass unit) => new()
    {
        PriceId = Guid.NewGuid(), Provider = provider, Model = model, EffectiveFrom = 0, RecordedAt = 0, Source = "test", ContextWindow = 100_000,
        Rates = new RateCard(Usd(1), Usd(1), Usd(1), Usd(5)) { Others = default(UnitMap<Rate>).With(unit, Usd(60)) },
    };

    private static Rate Usd(long perMillion) => new(perMillion * NanoUsd.PerUsd);

    [Theory]
    [InlineData("gemini-3-pro-image", "")]
    [InlineData("gemini-3-pro-image", "\"modalities\":[\"text\",\"image\"],")]
    // The answer would not tell whether it obeyed.
    [InlineData("gemini-3-pro-image", "\"modalities\":[\"text\"],")]
    [InlineData("gemini-3.1-flash-image", "")]
    [InlineData("gemini-3.8-flash-tts", "")]
    public void A_model_that_also_draws_or_speaks_is_not_sold_where_the_answer_does_not_tell_it(string model, string more)
    {
        ListedCall.Bound(Doors.GoogleChat, model, Chat(model, more)).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
        ListedCall.Bound(Doors.Google, model, """{"contents":[{"parts":[{"text":"draw"}]}],"generationConfig":{"maxOutputTokens":8000}}""").Refusal.Should().BeNull();
    }

    [Fact]
    public void Nor_is_it_on_Vertex_AI()
    {
        var price = WithRate("vertexai", "google/painter", UnitClass.ImageOutput);

        var (_, refusal) = ListedCall.Bound(Doors.VertexChat, "google/painter", Encoding.UTF8.GetBytes(Chat("google/painter")), null, [price]);

        refusal!.Message.Should().Contain("google/painter").And.Contain("Google's own format");
    }

    [Theory]
    [InlineData(Doors.GoogleChat, "gemini-3.8-flash", "[\"text\",\"image\"]")]
    [InlineData(Doors.GoogleChat, "gemini-3.8-flash", "[\"IMAGE\"]")]
    [InlineData(Doors.GoogleChat, "gemini-3.8-flash", "\"image\"")]
    [InlineData(Doors.GoogleChat, "gemini-3.8-flash", "[\"Audio\"]")]
    [InlineData(Doors.GoogleChat, "gemini-3.8-flash", "[\"video\"]")]
    [InlineData(Doors.VertexChat, "google/gemini-3.8-flash", "[\"text\",\"image\"]")]
    [InlineData(Doors.OpenAiChat, "gpt-4.1", "[\"text\",\"image\"]")]
    public void Output_without_a_rate_is_refused_in_any_spelling(string door, string model, string modalities) =>
        ListedCall.Bound(door, model, Chat(model, $"\"modalities\":{modalities},")).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("[\"text\"]")]
    [InlineData("[\"TEXT\"]")]
    public void Text_is_sold(string modalities) =>
        ListedCall.Bound(Doors.GoogleChat, "gemini-3.8-flash", Chat("gemini-3.8-flash", $"\"modalities\":{modalities},")).Refusal.Should().BeNull();

    /// <summary>Sound costs twice as much as text for this model, and the usage there has one number for both.</summary>
    [Theory]
    [InlineData("data:audio/wav;base64,AAAA")]
    [InlineData("data:video/mp4;base64,AAAA")]
    [InlineData("data:;base64,AAAA")]
    [InlineData("https://example.com/x")]
    public void What_may_be_sound_is_refused_where_sound_has_a_rate_of_its_own(string address)
    {
        var asked = Chat("gemini-3-flash-preview", content: Image(address));

        ListedCall.Bound(Doors.GoogleChat, "gemini-3-flash-preview", asked).Refusal!.Message.Should().Contain("data:image/");
        ListedCall.Bound(Doors.GoogleChat, "gemini-3.8-flash", Chat("gemini-3.8-flash", content: Image(address))).Refusal.Should().BeNull("its sound costs what its text does");
    }

    [Fact]
    public void A_picture_is_sold_there() =>
        ListedCall.Bound(Doors.GoogleChat, "gemini-3-flash-preview", Chat("gemini-3-flash-preview", content: Image("data:image/png;base64,AAAA"))).Refusal.Should().BeNull();

    /// <summary>OpenRouter documents how to ask for images, and not that none come unasked: Gemini's own default is both.</summary>
    [Theory]
    [InlineData(Doors.RouterChat, "", true)]
    [InlineData(Doors.RouterChat, "\"modalities\":[\"image\",\"text\"],", true)]
    [InlineData(Doors.RouterChat, "\"modalities\":[],", true)]
    [InlineData(Doors.RouterChat, "\"modalities\":null,", true)]
    [InlineData(Doors.RouterChat, "\"modalities\":[\"text\"],", false)]
    [InlineData(Doors.RouterResponses, "", true)]
    [InlineData(Doors.RouterResponses, "\"modalities\":[\"text\"],\"modalities\":[\"image\"],", true)]
    [InlineData(Doors.RouterResponses, "\"modalities\":[\"image\"],\"modalities\":[\"text\"],", true)]
    [InlineData(Doors.RouterResponses, "\"modalities\":[\"text\"],", false)]
    [InlineData(Doors.RouterMessages, "", true)]
    [InlineData(Doors.RouterMessages, "\"modalities\":[\"text\"],", true)]
    public void A_model_that_draws_is_held_for_it_at_OpenRouter_unless_only_text_is_asked(string door, string more, bool isHeldForImages)
    {
        var body = door == Doors.RouterResponses
            ? $$"""{"model":"house/painter",{{more}}"max_output_tokens":2000,"input":"draw"}"""
            : $$"""{"model":"house/painter",{{more}}"max_tokens":2000,"messages":[{"role":"user","content":"draw"}]}""";
        var (call, refusal) = ListedCall.Bound(door, "house/painter", Encoding.UTF8.GetBytes(body), null, [WithRate("openrouter", "house/painter", UnitClass.ImageOutput)]);

        refusal.Should().BeNull();
        // 2,000 tokens of output at 60 USD a million, or at 5.
        call.Amount.Value.Should().BeGreaterThan(isHeldForImages ? 120_000_000 : 10_000_000).And.BeLessThan(isHeldForImages ? 121_000_000 : 11_000_000);
    }
}
