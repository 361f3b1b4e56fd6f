using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>How a response comes over the wire.</summary>
public enum WireShape
{
    Plain,
    Events,
    Array,
}

/// <summary>An answer of a model as it comes over the wire, and how the gateway reads and settles it.</summary>
internal static class GeminiExchange
{
    /// <summary>What an estimate is booked at.</summary>
    public static readonly NanoUsd Bound = new(987_654_321);

    /// <summary>The usage so far, as each chunk before the last one tells it.</summary>
    private const string SoFar = "\"promptTokenCount\":1,\"totalTokenCount\":1";

    /// <param name="shape">Whole, as events, or as one list.</param>
    /// <param name="usage">The members of the usage.</param>
    /// <param name="candidate">More members of each candidate.</param>
    /// <param name="more">More members of the response.</param>
    /// <param name="candidates">How many there are.</param>
    /// <param name="model">The model that served.</param>
    public static string Answer(WireShape shape, string? usage, string candidate = "", string more = "", int candidates = 1, string model = "m")
    {
        var last = Response(usage, string.Join(',', Enumerable.Range(0, candidates).Select(i => Candidate(i, "\"finishReason\":\"STOP\"," + candidate))), more, model);
        if (shape == WireShape.Plain) return last;
        var first = Response(usage is null ? null : SoFar, Candidate(0, ""), "", model);
        return shape == WireShape.Events ? $"data: {first}\r\n\r\ndata: {last}\r\n\r\n" : $"[{first}\n,\r\n{last}\n]\n";
    }

    public static MeterReading Read(string routeName, string mediaType, string text, int candidates = 1, UnitMap<long> pieces = default)
    {
        var call = Call(routeName, candidates, pieces);
        using var meter = call.Route.Dialect.MakeMeter(call, mediaType, 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        meter.Pass(Encoding.UTF8.GetBytes(text), output);
        meter.End(output);
        Encoding.UTF8.GetString(output.WrittenSpan).Should().Be(text);
        return meter.Reading;
    }

    /// <summary>A call on its way, up to the response's head. A name that several providers have is OpenAI's, who is the first.</summary>
    public static GovernedCall Call(string routeName, int candidates = 1, UnitMap<long> pieces = default) =>
        new(new DefaultHttpContext(), ProviderList.Routes.First(r => r.Name == routeName), Guid.Empty)
        {
            Facts = new RequestFacts { Choices = candidates },
            Bound = new UnitBound(0, 0) { Pieces = pieces },
        };

    public static Settlement Settle(PriceVersion price, MeterReading reading) =>
        SettlementPricing.Of(new BoundTerms(price.PriceId, Bound, 100, 7, 8), price, new PriceBook([price]), account: null, reading, 200, null);

    /// <summary><c>input,cached,output,reasoning</c> and the other units.</summary>
    public static string Show(Usage usage) =>
        $"{usage.Input},{usage.CachedInput},{usage.Output},{usage.ReasoningWithinOutput}" + (usage.Others.IsEmpty ? "" : $"; {usage.Others}");

    private static string Response(string? usage, string candidates, string more, string model) =>
        $$$"""{"candidates":[{{{candidates}}}],{{{(usage is null ? "" : $"\"usageMetadata\":{{{usage}}},")}}}{{{more}}}"modelVersion":"{{{model}}}","responseId":"r1"}""";

    // What a model writes is not read for usage.
    private static string Candidate(int index, string more) =>
        $$$$"""{"content":{"parts":[{"text":"H\u00e9 \"usageMetadata\":{\"promptTokenCount\":9"},{"functionCall":{"args":{"usageMetadata":{"promptTokenCount":9},"webSearchQueries":["x"]}}}],"role":"model"},{{{{more}}}}"index":{{{{index}}}}}""";
}
