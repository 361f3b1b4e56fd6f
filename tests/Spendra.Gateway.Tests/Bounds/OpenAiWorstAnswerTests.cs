using CsCheck;
using Spendra.Core.Governance;
using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// For every request and the worst answer that OpenAI, Azure and Anthropic's door for OpenAI's clients may give to it by
/// what they document: what is settled is covered by what was held. A failure tells the seed that repeats it.
/// </summary>
public sealed class OpenAiWorstAnswerTests
{
    private const string Model = "m-any";

    /// <summary>Named or forced, and served as asked or, where the dear or the cheap tier is short, by default.</summary>
    private static string Served(string? sent, bool isShort) => sent is null or "auto" || isShort ? "default" : sent;

    [Fact]
    public void A_chat_of_OpenAIs_is_covered() =>
        Gen.Select(OpenAiAsk.Any(null, "auto", "default", "flex", "priority"), Shares.Any).Sample((ask, shares) =>
        {
            var asked = ask.OfChat();
            var (call, refusal) = Bound(Route("openai", "chat.completions"), asked.Chat(Model, more: b => b["reasoning_effort"] = "high"), Price("openai", Model));
            refusal.Should().BeNull();
            var sent = Sent(call);
            ((string?)sent["service_tier"]).Should().NotBeNull("the project's own setting may be a dear one").And.NotBe("auto");

            ShouldCover(call, $"{{\"id\":\"c\",\"model\":\"{Model}\",\"service_tier\":\"{Served((string?)sent["service_tier"], shares.Is(4))}\",\"choices\":[{{}}],"
                + OpenAiAsk.Usage(isChat: true, shares.OfInput(asked.MostInput()), shares.Of(OpenAiAsk.MostOutput(sent), 7), shares) + "}");
        }, iter: 2_000);

    [Fact]
    public void A_response_of_OpenAIs_is_covered() =>
        Gen.Select(OpenAiAsk.Any(null, "auto", "default", "flex", "priority"), Shares.Any).Sample((ask, shares) =>
        {
            var (call, refusal) = Bound(Route("openai", "responses"), ask.Response(Model), Price("openai", Model));
            refusal.Should().BeNull();
            var sent = Sent(call);

            ShouldCover(call, $"{{\"id\":\"r\",\"model\":\"{Model}\",\"status\":\"completed\",\"service_tier\":\"{Served((string?)sent["service_tier"], shares.Is(4))}\",\"output\":[],"
                + OpenAiAsk.Usage(isChat: false, shares.OfInput(ask.MostInput()), shares.Of(OpenAiAsk.MostOutput(sent), 7), shares) + "}");
        }, iter: 2_000);

    /// <summary>The account's host costs its per cent of whatever the tier costs; what is not whole is refused.</summary>
    [Fact]
    public void A_call_of_Azures_is_covered_at_the_rates_of_its_host() =>
        Gen.Select(OpenAiAsk.Any(null, "auto", "default", "flex", "priority"), Shares.OneOf(100, 105, 110, 125, 133), Gen.Int[0, 2], Shares.Any).Sample((ask, ratePercent, api, shares) =>
        {
            const string deployment = "chat-prod";
            var settings = new AccountSettings { RatePercent = ratePercent, Deployments = AccountSettings.NoDeployments.Add(deployment, Model) };
            var isOlder = api == 1;
            var isChat = api < 2;
            var asked = (isChat ? ask.OfChat() : ask) with { Tier = isOlder ? null : ask.Tier };
            var (call, refusal) = isChat
                ? Bound(Route("azure", "chat.completions", isOlder ? "/deployments/{model}/chat/completions" : "/chat/completions"),
                    asked.Chat(deployment, namesModel: !isOlder), Price("azure", Model), settings, isOlder ? deployment : null)
                : Bound(Route("azure", "responses", "/responses", "/v1/responses"), asked.Response(deployment), Price("azure", Model), settings);
            if (refusal is not null)
            {
                refusal.Message.Should().Contain("no whole multiplier");
                return;
            }
            var sent = Sent(call);
            var served = (string?)sent["service_tier"] is { } named ? Served(named, shares.Is(4)) : null;
            var tier = served is null ? "" : $"\"service_tier\":\"{served}\",";

            ShouldCover(call, $"{{\"id\":\"c\",\"model\":\"{Model}-2025-04-14\",{tier}"
                + OpenAiAsk.Usage(isChat, shares.OfInput(asked.MostInput()), shares.Of(OpenAiAsk.MostOutput(sent), 7), shares) + "}");
        }, iter: 2_000);

    /// <summary>
    /// Where tools are defined Anthropic adds 264 to 804 tokens of instructions, by model and choice. One choice, no
    /// prediction and no cache; the details of the usage are empty.
    /// </summary>
    [Fact]
    public void A_chat_at_Anthropics_door_is_covered_with_its_tools() =>
        Gen.Select(OpenAiAsk.Any((string?)null), Gen.Long[264, 804], Shares.Any).Sample((ask, presence, shares) =>
        {
            var asked = ask.OfChat() with { Choices = 1, Prediction = "" };
            var (call, refusal) = Bound(Route("anthropic", "chat.completions"), asked.Chat(Model), Price("anthropic", Model));
            refusal.Should().BeNull();
            var output = shares.Of(OpenAiAsk.MostOutput(Sent(call)), 7);
            var input = shares.OfInput(asked.MostInput(presence));

            ShouldCover(call, $"{{\"id\":\"c\",\"model\":\"{Model}\",\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\"total_tokens\":{input + output}}}}}");
        }, iter: 2_000);
}
