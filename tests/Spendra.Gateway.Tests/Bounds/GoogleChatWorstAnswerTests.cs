using CsCheck;
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
}
