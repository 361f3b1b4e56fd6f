using System.Text;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tests.Golden;

namespace Spendra.Gateway.Tests.Streams;

/// <summary>
/// A recorded stream of every dialect, ended and split at every byte: settled at its usage or at the bound, never free,
/// never above the bound.
/// </summary>
public sealed class AnyByteTests
{
    private const string WantsUsage = "\"stream_options\":{\"include_usage\":true}";

    /// <summary>Each stream; OpenAI's chat both as one asks for the chunk with the usage, and as one does not.</summary>
    public static TheoryData<string, bool> Streams()
    {
        var streams = new TheoryData<string, bool>();
        foreach (var (name, stream) in RecordedStreams.All)
        {
            streams.Add(name, false);
            if (stream.IsChat) streams.Add(name, true);
        }
        return streams;
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_that_ends_after_any_byte_is_paid_by_its_usage_or_at_the_bound(string name, bool wantsUsage)
    {
        var stream = RecordedStreams.All[name];
        var call = await CallAsync(stream, wantsUsage);

        for (var length = 0; length <= stream.Bytes.Length; length++)
        {
            var (reading, _) = ListedCall.Meter(call, stream.MediaType, stream.Bytes.AsSpan(0, length));

            var settled = ListedCall.Settle(call, reading);
            settled.IsEstimated.Should().Be(length < stream.KnownFrom, $"it ended after {length} of {stream.Bytes.Length} bytes, and {stream.KnownFrom} tell the usage");
            settled.Cost.Value.Should().Be(settled.IsEstimated ? call.Amount.Value : stream.Nanos);
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_that_is_split_at_any_byte_costs_the_same_and_reaches_the_client_the_same(string name, bool wantsUsage)
    {
        var stream = RecordedStreams.All[name];
        var call = await CallAsync(stream, wantsUsage);
        var texts = stream.Text.Contains('\r', StringComparison.Ordinal) ? [stream.Text] : new[] { stream.Text, stream.Text.Replace("\n", "\r\n", StringComparison.Ordinal) };

        foreach (var bytes in texts.Select(Encoding.UTF8.GetBytes))
        {
            var (_, whole) = ListedCall.Meter(call, stream.MediaType, bytes);
            Encoding.UTF8.GetString(whole).Should().Be(ForClient(call, Encoding.UTF8.GetString(bytes)));
            for (var split = 0; split <= bytes.Length; split++)
            {
                var (reading, output) = ListedCall.Meter(call, stream.MediaType, bytes.AsSpan(0, split), bytes.AsSpan(split));

                var settled = ListedCall.Settle(call, reading);
                (settled.Cost.Value, settled.IsEstimated).Should().Be((stream.Nanos, false), $"it was split at {split}");
                output.AsSpan().SequenceEqual(whole).Should().BeTrue($"it was split at {split}");
            }
        }
    }

    [Fact]
    public void Every_door_that_streams_text_has_a_recorded_stream()
    {
        var streamed = RecordedStreams.All.Values.Select(s => Doors.Route(s.Door)).ToHashSet();

        var missing = ProviderList.Routes.Where(r => r.HasOutput && r.Makes != ObjectKind.Batch && r.Dialect is not MediaDialect && !IsPlain(r) && !streamed.Contains(r));
        missing.Select(r => $"{r.Provider.Name} {r.Pattern}").Should().BeEmpty();
    }

    /// <summary>Two formats have a method of its own for a stream.</summary>
    private static bool IsPlain(GovernedRoute route) =>
        route.Pattern.EndsWith(":generateContent", StringComparison.Ordinal) || route.Pattern.EndsWith(":rawPredict", StringComparison.Ordinal);

    /// <summary>All that came, but for the chunk that the client did not ask for.</summary>
    private static string ForClient(GovernedCall call, string text)
    {
        if (!call.HidesUsageChunk) return text;
        var end = text.Contains('\r', StringComparison.Ordinal) ? "\r\n\r\n" : "\n\n";
        return string.Join(end, text.Split(end).Where(e => !e.Contains("\"choices\":[],\"usage\"", StringComparison.Ordinal)));
    }

    private static async Task<GovernedCall> CallAsync(RecordedStream stream, bool wantsUsage)
    {
        var content = stream.Media?.Content()
            ?? GatewayHarness.Json(Doors.Body(stream.Door, stream.Model, isStream: true, wantsUsage ? WantsUsage : stream.Request));
        var model = stream.Model == DoorRules.Deployment ? "m" : stream.Model;
        var (call, refusal) = ListedCall.Bound(
            stream.Door, model, await content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), content.Headers.ContentType?.ToString(), RecordedStreams.Prices);
        refusal.Should().BeNull();
        call.Amount.Value.Should().BeGreaterThan(stream.Nanos, "an estimate must be told from a cost");
        return call;
    }
}
