using CsCheck;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// Google's doors for OpenAI's clients: thoughts may be in the total alone, what is cached is inside the input, and no answer
/// tells the tier, so that the one that was asked for is paid.
/// </summary>
public sealed class GoogleChatWorstAnswerTests
{
    private const string Model = "gemini-any";

    [Fact]
    public void A_chat_at_Googles_doors_is_covered() =>
        Gen.Select(OpenAiAsk.Any(null, "default", "flex", "priority"), Gen.Bool, Shares.Any).Sample((ask, isVertex, shares) =>
        {
            var asked = ask.OfChat();
            var (provider, model) = isVertex ? ("vertexai", "google/" + Model) : ("google", Model);
            var (call, refusal) = Bound(Route(provider, provider + ".chat.completions"), asked.Chat(model), Price(provider, model));
            refusal.Should().BeNull();
            var input = shares.OfInput(asked.MostInput());
            var output = shares.Of(OpenAiAsk.MostOutput(Sent(call)), 7);
            var told = shares.Of(output, 8);

            ShouldCover(call, $"{{\"id\":\"c\",\"model\":\"{Model}\",\"choices\":[{{}}],\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{told},"
                + $"\"total_tokens\":{input + output},\"prompt_tokens_details\":{{\"cached_tokens\":{OpenAiAsk.Cached(input, shares).Cached}}}}}}}");
        }, iter: 2_000);

    /// <summary>No answer of this door tells how much of it was drawn, in whichever band it is priced.</summary>
    [Fact]
    public void A_model_that_draws_in_its_long_band_alone_is_refused()
    {
        foreach (var (provider, model) in ((string, string)[])[("vertexai", "google/" + Model), ("google", Model)])
        {
            var price = Price(provider, model);
            var drawing = price with
            {
                LongContext = price.LongContext! with { Rates = price.LongContext.Rates with { Others = default(UnitMap<Rate>).With(UnitClass.ImageOutput, Nanos(60_000)) } },
            };
            var body = $"{{\"model\":\"{model}\",\"max_tokens\":100,\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}";

            Bound(Route(provider, provider + ".chat.completions"), body, price).Refusal.Should().BeNull();
            Bound(Route(provider, provider + ".chat.completions"), body, drawing).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);
        }
    }

    /// <summary>What weighs little may be long: films, and data by Google's own name for it.</summary>
    [Theory]
    [InlineData("{\"type\":\"video_url\",\"video_url\":{\"url\":\"https://example.test/v.mp4\"}}")]
    [InlineData("{\"type\":\"input_video\",\"input_video\":{\"data\":\"AAAA\"}}")]
    [InlineData("{\"inline_data\":{\"mime_type\":\"image/png\",\"data\":\"AAAA\"}}")]
    [InlineData("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}")]
    public void Content_that_its_bytes_do_not_measure_counts_the_window(string part)
    {
        var body = $"{{\"model\":\"{Model}\",\"max_tokens\":100,\"messages\":[{{\"role\":\"user\",\"content\":[{part}]}}]}}";

        var (call, refusal) = Bound(Route("google", "google.chat.completions"), body, Price("google", Model));

        refusal.Should().BeNull();
        call.Bound.Input.Should().Be(Window);
    }
}
