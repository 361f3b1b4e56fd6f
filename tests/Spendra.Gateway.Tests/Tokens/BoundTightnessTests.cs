using System.Diagnostics.Metrics;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>The metric that says how near bounds come to what calls cost.</summary>
public sealed class BoundTightnessTests
{
    private sealed record Measured(double Value, string? Provider, string? Model, string? Basis);

    [Fact]
    public void Actual_by_bound_is_measured_by_provider_model_and_basis()
    {
        using var tightness = new BoundTightness();
        var measured = Listen(tightness, out var listener);
        using (listener) tightness.Record(Held("m1", 400) with { BoundBasis = BoundBasis.Tokenizer }, Cost(100));

        measured.Should().Equal(new Measured(0.25, "openai", "m1", "tokenizer"));
    }

    [Fact]
    public void What_says_nothing_of_real_use_is_not_measured()
    {
        using var tightness = new BoundTightness();
        var measured = Listen(tightness, out var listener);
        using (listener)
        {
            tightness.Record(Held("m1", 400), Cost(400) with { IsEstimated = true });
            tightness.Record(Held("m1", 0), Cost(0));
            tightness.Record(Held("m1", 400) with { PriceId = null }, Cost(0));
        }

        measured.Should().BeEmpty();
    }

    [Fact]
    public void Models_beyond_a_number_share_one_name()
    {
        using var tightness = new BoundTightness();
        var measured = Listen(tightness, out var listener);
        using (listener)
        {
            for (var i = 0; i < BoundTightness.MaxModels + 20; i++) tightness.Record(Held($"m{i}", 100), Cost(50));
            tightness.Record(Held("m0", 100), Cost(50));
        }

        measured.Select(m => m.Model).Distinct().Should().HaveCount(BoundTightness.MaxModels + 1).And.Contain(BoundTightness.OtherModels);
        measured[^1].Model.Should().Be("m0");
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"stream\":true")]
    public async Task Every_settled_call_is_measured(string more)
    {
        var model = $"m-measured-{more.Length}";
        await using var company = await Company.StartAsync(new Rules { Prices = [$"{{provider: openai, model: {model}, {Rules.Rates}}}"] });
        var measured = new System.Collections.Concurrent.ConcurrentQueue<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument is { Name: BoundTightness.Name, Meter.Name: BoundTightness.MeterName }) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (Tag(tags, "model") == model) measured.Enqueue(value);
        });
        listener.Start();

        (await company.PostAsync("chat/completions", Bodies.Chat(more: "\"max_tokens\":16" + more, model: model))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        measured.Should().Equal((double)spent.CostNanos / spent.ReservedNanos);
    }

    private static List<Measured> Listen(BoundTightness tightness, out MeterListener listener)
    {
        var measured = new List<Measured>();
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (tightness.Owns(instrument)) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => measured.Add(new Measured(value, Tag(tags, "provider"), Tag(tags, "model"), Tag(tags, "basis"))));
        listener.Start();
        return measured;
    }

    private static string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (known, value) in tags)
        {
            if (known == name) return (string?)value;
        }
        return null;
    }

    private static Settlement Cost(long nanos) => new() { Cost = new NanoUsd(nanos), Usage = new Usage { Input = 1 } };

    private static Reservation Held(string model, long nanos) => new()
    {
        OrganizationId = Guid.Empty, ReservationId = Guid.Empty, KeyId = Guid.Empty, ScopeIds = [], PolicyIds = [], WindowIds = [],
        Provider = "openai", AccountId = Guid.Empty, Model = model, Route = "chat.completions", PriceId = Guid.NewGuid(),
        Amount = new NanoUsd(nanos), Epoch = 1, ReservedAt = 1, ExpiresAt = 2,
    };
}
