using System.Text;
using System.Text.RegularExpressions;
using Spendra.Core.Governance;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// Recorded answers through a whole gateway, at the doors where one provider speaks another's format, at Azure's older
/// API, and at OpenRouter when it tells no bill. Every figure is worked out by hand at the rates of <see cref="DoorRules"/>.
/// </summary>
public sealed class EveryDoorTests
{
    private const string Tool = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
    private const string PlainTool = "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]";

    /// <param name="Name">What it is.</param>
    /// <param name="Told">What the provider says, or null when it says nothing.</param>
    /// <param name="Classes">What must be read.</param>
    /// <param name="Nanos">The cost.</param>
    private sealed record Row(string Name, Told? Told, string? Classes, long Nanos)
    {
        public string Request { get; init; } = "";
        public bool IsLong { get; init; }

        /// <summary>The provider's status; a stream that fails in its middle has 200.</summary>
        public int Status { get; init; } = 200;

        public bool Fails { get; init; }

        /// <summary>The answer has no usage.</summary>
        public bool IsSilent { get; init; }

        public bool IsEstimated => Status == 500 || Fails || IsSilent;
    }

    private static readonly Row[] All =
    [
        // 10·1000 + 16·2000
        new("plain", new(10, 16), "10,0,0,16,0", 42_000),
        // 1000·1000 + 10·2000
        new("almost long context", new(1_000, 10), "1000,0,0,10,0", 1_020_000) { IsLong = true },
        // 1001·2000 + 10·3000
        new("long context", new(1_001, 10), "1001,0,0,10,0", 2_032_000) { IsLong = true },
        new("refused", null, null, 0) { Status = 429 },
        new("wrong", null, null, 0) { Status = 400 },
        new("failed", null, null, 0) { Status = 500 },
        new("failed in its middle", new(10, 16), null, 0) { Fails = true },
        new("usage that makes no sense", new(-1, 16), null, 0) { Fails = true },
        new("without usage", new(10, 16), null, 0) { IsSilent = true },
    ];

    private static readonly Regex Usage = new("\"usage\":\\{(?:[^{}]|\\{[^{}]*\\})*\\}", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static readonly Row[] Cached =
    [
        // 60·1000 + 40·100 + 10·2000
        new("cache read", new(100, 10) { Cached = 40 }, "60,40,0,10,0", 84_000),
        // 901·2000 + 100·200 + 10·3000
        new("long context by its cache", new(1_001, 10) { Cached = 100 }, "901,100,0,10,0", 1_852_000) { IsLong = true },
    ];

    // 35·1000 + 40·100 + 25·1250 + 10·2000
    private static readonly Row Written = new("cache write", new(100, 10) { Cached = 40, Written = 25 }, "35,40,25,10,0", 90_250);

    // 10·1000 + 50·2000: reasoning is inside the output
    private static readonly Row Reasoning = new("reasoning", new(10, 50) { Reasoning = 40 }, "10,0,0,50,40", 110_000);

    // 30·1000 + 16·2000: functions that the client runs cost their tokens
    private static Row Tools(string request) => new("tools", new(30, 16), "30,0,0,16,0", 62_000) { Request = request };

    private static readonly Row[] AtGoogle =
    [
        // 10·1000 + 56·2000: thoughts may be in the total alone
        new("thoughts", new(10, 16) { Total = 66 }, "10,0,0,56,0", 122_000),
        // (10·1000 + 16·2000)·2: the answer does not tell the tier, so that the one that was held is paid
        new("dear tier", new(10, 16), "10,0,0,16,0", 84_000) { Request = "\"service_tier\":\"priority\"" },
        // A cheap tier may not be to be had
        new("cheap tier", new(10, 16), "10,0,0,16,0", 42_000) { Request = "\"service_tier\":\"flex\"" },
    ];

    private static readonly Dictionary<string, (string Model, Row[] Rows)> Surfaces = new()
    {
        [Doors.GoogleChat] = ("m", [.. All, .. Cached, .. AtGoogle, Tools(Tool)]),
        [Doors.VertexChat] = ("google/m", [.. All, .. Cached, .. AtGoogle, Tools(Tool)]),
        // It knows no prompt cache and tells no tier.
        [Doors.AnthropicChat] = ("m", [.. All, Reasoning, Tools(Tool)]),
        // It has no tiers.
        [Doors.AzureOldChat] = (DoorRules.Deployment, [.. All, .. Cached, Written, Reasoning, Tools(Tool)]),
        [Doors.AzureOldResponses] = (DoorRules.Deployment, [.. All, .. Cached, Written, Reasoning, Tools(PlainTool)]),
        [Doors.RouterChat] = ("maker/m", [.. All, .. Cached, Written, Reasoning, Tools(Tool)]),
        [Doors.RouterResponses] = ("maker/m", [.. All, .. Cached, Written, Reasoning, Tools(PlainTool)]),
        // Input stands beside what was read and written: 60·1000 + 40·100 + 10·2000
        [Doors.RouterMessages] = ("anthropic/m", [.. All, new("cache read", new(60, 10) { Cached = 40 }, "60,40,0,10,0", 84_000)]),
        [Doors.Messages] = ("m",
        [
            .. All,
            // (10·1000 + 16·2000)·2
            new("fast", new(10, 16) { Tier = "standard", Geo = "global", Speed = "fast" }, "10,0,0,16,0", 84_000) { Request = "\"speed\":\"fast\"" },
            new("fast that was not to be had", new(10, 16) { Tier = "standard", Geo = "global", Speed = "standard" }, "10,0,0,16,0", 42_000) { Request = "\"speed\":\"fast\"" },
            // (60·1000 + 40·100 + 10·2000)·2
            new("fast with a cache", new(60, 10) { Cached = 40, Tier = "standard", Geo = "global", Speed = "fast" }, "60,40,0,10,0", 168_000) { Request = "\"speed\":\"fast\"" },
        ]),
    };

    public static TheoryData<string, string, bool> Cases()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (var (door, (_, rows)) in Surfaces)
        {
            foreach (var row in rows)
            {
                // A plain answer has no middle to fail in.
                if (row.Told is not { Input: > 0 } || !row.Fails) cases.Add(door, row.Name, false);
                cases.Add(door, row.Name, true);
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_answer_is_settled_to_the_nano_dollar(string door, string name, bool isStream)
    {
        var (model, rows) = Surfaces[door];
        var row = rows.Single(r => r.Name == name);
        if (row.IsLong) model = model == DoorRules.Deployment ? DoorRules.LongDeployment : model + "-long";

        var (answer, books) = await CallAsync(door, model, row.Request, isStream, row.Status, AnswerOf(door, row, isStream));

        answer.Status.Should().Be(row.Status);
        if (row.Status is 400 or 429)
        {
            books.Events.Should().BeEmpty();
            books.Released.Should().ContainSingle();
            return;
        }
        var spent = books.Events.Should().ContainSingle().Subject;
        spent.IsEstimated.Should().Be(row.IsEstimated);
        spent.IsBilled.Should().BeFalse("no bill was told");
        books.Excesses.Should().BeEmpty();
        if (row.IsEstimated)
        {
            spent.CostNanos.Should().Be(spent.ReservedNanos).And.BePositive();
            return;
        }
        ClassesOf(spent).Should().Be(row.Classes);
        spent.CostNanos.Should().Be(row.Nanos);
        spent.CostNanos.Should().BeLessThanOrEqualTo(spent.ReservedNanos);
    }

    /// <summary>Anthropic's own priority: a request that names no tier may be served with it, and is held for it. 42,000·1.5.</summary>
    [Theory]
    [InlineData("priority", 63_000)]
    [InlineData("standard", 42_000)]
    public async Task The_capacity_that_served_decides_at_Anthropic(string served, long nanos)
    {
        foreach (var isStream in new[] { false, true })
        {
            var told = new Told(10, 16) { Tier = served, Geo = "global" };
            var text = isStream ? Recorded.Stream(Wire.Messages, told, DoorRules.WithPriority) : Recorded.Plain(Wire.Messages, told, DoorRules.WithPriority);

            var (answer, books) = await CallAsync(Doors.Messages, DoorRules.WithPriority, "", isStream, 200, text);

            answer.ShouldBe(200);
            var spent = books.Events.Single();
            (spent.CostNanos, spent.IsEstimated).Should().Be((nanos, false));
        }
    }

    /// <summary>8·1000, or what is billed.</summary>
    [Theory]
    [InlineData(Doors.RouterEmbeddings, "maker/m", null, 8_000)]
    [InlineData(Doors.RouterEmbeddings, "maker/m", "0.0000081", 8_100)]
    [InlineData(Doors.AzureOldEmbeddings, DoorRules.Deployment, null, 8_000)]
    [InlineData(Doors.GoogleEmbeddings, "m", null, 8_000)]
    public async Task An_embedding_costs_its_input(string door, string model, string? cost, long nanos)
    {
        var (answer, books) = await CallAsync(door, model, "", isStream: false, 200, Recorded.Plain(Wire.Embeddings, new Told(8) { Cost = cost }, "m"));

        answer.ShouldBe(200);
        var spent = books.Events.Single();
        (spent.CostNanos, spent.IsEstimated, spent.IsBilled).Should().Be((nanos, false, cost is not null));
        ClassesOf(spent).Should().Be("8,0,0,0,0");
    }

    /// <summary>The provider is overloaded, and says so in its own shape: nothing was done.</summary>
    [Theory]
    [InlineData(503)]
    [InlineData(529)]
    public async Task Anthropic_without_capacity_costs_nothing(int status)
    {
        foreach (var isStream in new[] { false, true })
        {
            var (answer, books) = await CallAsync(Doors.Messages, "m", "", isStream, status, Recorded.Error(Wire.Messages, status));

            answer.ShouldBe(status);
            books.Events.Should().BeEmpty();
            books.Released.Should().ContainSingle();
        }
    }

    /// <summary>Its images would be settled at the rate of text: an answer there has one number for both.</summary>
    [Theory]
    [InlineData(Doors.GoogleChat, DoorRules.Painter)]
    [InlineData(Doors.VertexChat, "google/" + DoorRules.Painter)]
    public async Task A_model_that_draws_is_not_sold_where_no_answer_tells_what_it_drew(string door, string model)
    {
        foreach (var isStream in new[] { false, true })
        {
            var (answer, books) = await CallAsync(door, model, "", isStream, 200, Recorded.Plain(Wire.GoogleChat, new Told(10, 1_300), model));

            answer.ShouldBe(400, "unpriceable_request");
            books.Events.Should().BeEmpty();
            books.Released.Should().BeEmpty("nothing was held");
        }
    }

    private static async Task<(Answer Answer, Books Books)> CallAsync(string door, string model, string request, bool isStream, int status, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var type = isStream && status == 200 ? "text/event-stream" : "application/json";
        await using var provider = RawUpstream.Start(() =>
            [.. RawUpstream.Http($"HTTP/1.1 {status} X\ncontent-type: {type}\ncontent-length: {bytes.Length}\nconnection: close"), .. bytes]);
        await using var company = await Company.StartAsync(DoorRules.Of(provider.BaseUrl));
        var path = Doors.Of(door, isStream).Replace("{model}", model, StringComparison.Ordinal)
            + (Doors.Route(door) is { Provider.Name: KnownProvider.Azure } ? "?api-version=2025-04-01-preview" : "");
        var answer = await company.PostAsync(path, Doors.Body(Doors.Of(door, isStream), model, isStream, request, textBytes: 1_500, maxOutput: 64));
        return (answer, await company.SettledAsync());
    }

    private static string AnswerOf(string door, Row row, bool isStream)
    {
        var wire = Doors.WireOf(door);
        if (row.Told is not { } told) return Recorded.Error(wire, row.Status);
        var served = row.IsLong ? "m-long" : "m";
        if (isStream && row.Fails && told.Input > 0) return Recorded.Failing(wire, told, served);
        var text = isStream ? Recorded.Stream(wire, told, served) : Recorded.Plain(wire, told, served);
        return row.IsSilent ? Usage.Replace(text, "\"usage\":null") : text;
    }

    private static string ClassesOf(Books.Event spent) =>
        $"{spent.InputUnits},{spent.CachedInputUnits},{spent.CacheWriteUnits},{spent.OutputUnits},{spent.ReasoningUnits}";
}
