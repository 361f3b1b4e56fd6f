using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// OpenRouter chooses among hosts: any whose prices are not above the <c>max_price</c> of the body that was sent, and that
/// can write as much as its limit says. The host's bill is settled, with OpenRouter's 5 % on top where a key of the
/// customer's own is used. What was held covers it.
/// </summary>
public sealed class OpenRouterWorstAnswerTests
{
    private const string Model = "maker/m-any";

    // Where tools are defined Claude gets 264 to 804 tokens of instructions, whichever format asked for them.
    private const long Presence = 804;

    private sealed record Hosts(string Preferences, bool IsOwnKey);

    private static readonly Gen<Hosts> AnyHosts =
        from preferences in Shares.OneOf("", "null", "{}", "{\"only\":[\"dear-host\"]}", "{\"only\":[\"openai/fast\"],\"max_price\":null}",
            "{\"max_price\":{\"prompt\":0.5}}", "{\"max_price\":{\"prompt\":\"99\",\"completion\":99,\"request\":1}}", "{\"order\":[\"dear\"],\"max_price\":{\"completion\":\"1e9\"}}")
        from isOwnKey in Gen.Bool
        select new Hosts(preferences, isOwnKey);

    [Fact]
    public void A_call_in_OpenAIs_formats_is_covered_at_any_host() =>
        Gen.Select(OpenAiAsk.Any(null, "auto", "default", "flex", "priority"), AnyHosts, Gen.Bool, Shares.Any).Sample((ask, hosts, isChat, shares) =>
        {
            var asked = isChat ? ask.OfChat() : ask with { HasPrevious = false };
            void More(JsonObject body)
            {
                if (hosts.Preferences.Length > 0) body["provider"] = JsonNode.Parse(hosts.Preferences);
            }
            var (call, refusal) = Bound(Route("openrouter", isChat ? "chat.completions" : "responses"), isChat ? asked.Chat(Model, more: More) : asked.Response(Model, More),
                Price("openrouter", Model), Account(hosts));
            refusal.Should().BeNull();
            var sent = Sent(call);
            var input = shares.OfInput(asked.MostInput(Presence));
            // Without a limit a host may fill what is left of the context.
            var output = shares.Of(OpenAiAsk.MostOutput(sent, withoutLimit: Window), 7);

            ShouldCover(call, $"{{\"id\":\"gen-1\",\"model\":\"{Model}\",\"choices\":[{{}}],"
                + OpenAiAsk.Usage(isChat, input, output, shares, Bill(sent, input, output, hosts, shares)) + "}");
        }, iter: 3_000);

    [Fact]
    public void A_message_is_covered_at_any_host() =>
        Gen.Select(ClaudeAsk.Any, AnyHosts, Shares.Any).Sample((ask, hosts, shares) =>
        {
            // Any maker's model may read an image, at a size of its own; files are refused.
            var asked = ask with { HasDocument = false, Cites = false, Searches = 0, Fetches = 0, IsHourLong = false };
            var more = hosts.Preferences.Length > 0 ? $"\"provider\":{hosts.Preferences}" : "";
            var (call, refusal) = Bound(Route("openrouter", "openrouter.messages"), asked.Body(Model, more), Price("openrouter", Model), Account(hosts));
            refusal.Should().BeNull();
            var input = shares.OfInput(asked.Images > 0 ? Window : asked.MostInput);
            var output = shares.Of(asked.MaxTokens, 7);
            var (cached, written) = OpenAiAsk.Cached(input, shares);

            ShouldCover(call, $"{{\"id\":\"gen-1\",\"type\":\"message\",\"model\":\"{Model}\",\"usage\":{{\"input_tokens\":{input - cached - written},\"cache_read_input_tokens\":{cached},"
                + $"\"cache_creation_input_tokens\":{written},\"output_tokens\":{output}{Bill(Sent(call), input, output, hosts, shares)}}}}}");
        }, iter: 2_000);

    /// <summary>A model that searches before it answers bills its search for each choice, on top of its tokens.</summary>
    [Fact]
    public void A_model_that_searches_once_is_covered() =>
        Gen.Select(OpenAiAsk.Any((string?)null), AnyHosts, Shares.Any).Sample((ask, any, shares) =>
        {
            const string model = "perplexity/sonar";
            // The account's rate is that of tokens.
            var hosts = any with { IsOwnKey = false };
            var asked = ask.OfChat();
            var (call, refusal) = Bound(Route("openrouter", "chat.completions"), asked.Chat(model), WithUnit(model, UnitClass.WebSearches, 5_000_000), Account(hosts));
            refusal.Should().BeNull();
            var sent = Sent(call);
            var input = shares.OfInput(asked.MostInput(Presence));
            var output = shares.Of(OpenAiAsk.MostOutput(sent, withoutLimit: Window), 7);

            ShouldCover(call, $"{{\"id\":\"gen-1\",\"model\":\"{model}\",\"choices\":[{{}}],"
                + OpenAiAsk.Usage(isChat: true, input, output, shares, Bill(sent, input, output, hosts, shares)) + "}");
        }, iter: 2_000);

    /// <summary>Unless only text is asked, each token of output may be one of an image.</summary>
    [Fact]
    public void A_model_that_draws_is_covered() =>
        Gen.Select(OpenAiAsk.Any((string?)null), Shares.OneOf("", "null", "[]", "[\"text\"]", "[\"image\",\"text\"]"), Shares.Any).Sample((ask, modalities, shares) =>
        {
            var asked = ask.OfChat();
            var (call, refusal) = Bound(Route("openrouter", "chat.completions"),
                asked.Chat(Model, more: b => { if (modalities.Length > 0) b["modalities"] = JsonNode.Parse(modalities); }), WithUnit(Model, UnitClass.ImageOutput, 60_000));
            refusal.Should().BeNull();
            var sent = Sent(call);
            var input = shares.OfInput(asked.MostInput(Presence));
            var output = shares.Of(OpenAiAsk.MostOutput(sent, withoutLimit: Window), 7);
            var hosts = new Hosts("", IsOwnKey: false);
            var drawn = modalities == "[\"text\"]" ? 0 : shares.Of(output, 11);

            ShouldCover(call, $"{{\"id\":\"gen-1\",\"model\":\"{Model}\",\"choices\":[{{}}],"
                + OpenAiAsk.Usage(isChat: true, input, output, shares, Bill(sent, input, output - drawn, hosts, shares, ownFee: 0.00006m * drawn)) + "}");
        }, iter: 2_000);

    private static PriceVersion WithUnit(string model, UnitClass unit, long nanos)
    {
        var price = Price("openrouter", model);
        RateCard With(RateCard card) => card with { Others = default(UnitMap<Rate>).With(unit, Nanos(nanos)) };
        return price with { Rates = With(price.Rates), LongContext = price.LongContext! with { Rates = With(price.LongContext.Rates) } };
    }

    private static AccountSettings Account(Hosts hosts) => new() { RatePercent = hosts.IsOwnKey ? 105 : 100 };

    /// <summary>What the dearest host that may be asked bills: reading its cache costs no more than its input, writing it a quarter more.</summary>
    private static string Bill(JsonObject sent, long input, long output, Hosts hosts, Shares shares, decimal ownFee = 0)
    {
        var most = sent["provider"]?["max_price"];
        var prompt = HostPrice(most?["prompt"], 8);
        var completion = HostPrice(most?["completion"], 9);
        // Unless the request names a maximum, hosts may take a fee for each; a search's is one.
        var fee = (most?["request"] is { } request ? Number(request) : 0.05m) + ownFee;
        var (cached, written) = OpenAiAsk.Cached(input, shares);
        var nanosPerMillion = prompt * (input - cached - written) + prompt * shares.Of(1_000, 10) / 1_000 * cached
            + prompt * WritePercent / 100 * written + completion * output;
        var usd = decimal.Round(nanosPerMillion / Rate.UnitsPerRate / NanoUsd.PerUsd + fee, 9);
        return hosts.IsOwnKey
            ? string.Create(CultureInfo.InvariantCulture, $",\"is_byok\":true,\"cost\":{decimal.Round(usd * 0.05m, 9)},\"cost_details\":{{\"upstream_inference_cost\":{usd}}}")
            : string.Create(CultureInfo.InvariantCulture, $",\"cost\":{usd}");

        // In nano-USD for a million tokens, as exact as a price of the book. Without a maximum ten times the book's default route.
        decimal HostPrice(JsonNode? maximum, int which) =>
            shares.Of((long)decimal.Floor((maximum is null ? 50m : Number(maximum)) * NanoUsd.PerUsd), which);
    }

    private static decimal Number(JsonNode node) =>
        node.GetValueKind() == JsonValueKind.String ? decimal.Parse((string)node!, NumberStyles.Float, CultureInfo.InvariantCulture) : (decimal)node;
}
