using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Schema;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>A search that finds nothing proves something only if it would find it.</summary>
[Collection(nameof(Secrets.Watch))]
public sealed class NoticeTests
{
    private const string Planted = "canary-planted-62d0fa";

    private static readonly Canaries Canaries = new(Planted);

    public static TheoryData<string> Spellings =>
    [
        Planted, $"x{Planted}y", Convert.ToHexString(Encoding.UTF8.GetBytes(Planted)), Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Planted)),
        .. new[] { "", "1", "12", "123" }.Select(before => Convert.ToBase64String(Encoding.UTF8.GetBytes(before + Planted + "and more"))),
    ];

    [Theory]
    [MemberData(nameof(Spellings))]
    public void A_canary_is_found_however_it_is_spelled(string text)
    {
        Canaries.FoundIn(text).Should().Equal(Planted);
        Canaries.FoundIn(Encoding.Unicode.GetBytes(Planted)).Should().Equal(Planted);
        Canaries.FoundIn(text[..(text.Length / 2)]).Should().BeEmpty();
    }

    public static TheoryData<string> Places => ["message", "value", "scope", "exception", "tag", "event", "baggage", "status", "measurement"];

    [Theory]
    [MemberData(nameof(Places))]
    public void A_canary_is_noticed_wherever_a_process_tells_it(string place)
    {
        using var watch = new Watch();
        using var source = new ActivitySource("planted");
        using var meter = new Meter("planted");
        var logger = watch.CreateLogger("planted");

        Plant(place, logger, source, meter);

        watch.All.Where(told => Canaries.FoundIn(told.Text).Count > 0).Should().ContainSingle();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_canary_is_noticed_in_tables_and_in_files(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await Migrator.MigrateAsync(site.Target, TestContext.Current.CancellationToken);
        await using var database = Database.Open(site.Target);
        await using (var connection = await database.ConnectAsync(TestContext.Current.CancellationToken))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"INSERT INTO installation (name, value) VALUES ('planted', '{Planted}')";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        (await KeptData.RowsAsync(database)).Where(row => Canaries.FoundIn(row.Row).Count > 0).Select(row => row.Table).Should().Equal("installation");
        (await KeptData.FilesAsync(site, database)).Where(path => Canaries.FoundIn(File.ReadAllBytes(path)).Count > 0).Should().NotBeEmpty();
    }

    private static void Plant(string place, ILogger logger, ActivitySource source, Meter meter)
    {
        var values = new Dictionary<string, object> { ["key"] = Planted };
        var failure = new InvalidOperationException("x", new FormatException(Planted));
        switch (place)
        {
            case "message": logger.Log(LogLevel.Trace, default, 0, null, (_, _) => Planted); return;
            case "value": logger.Log(LogLevel.Trace, default, values, null, (_, _) => ""); return;
            case "scope": logger.BeginScope(values); return;
            case "exception": logger.Log(LogLevel.Trace, default, 0, failure, (_, _) => ""); return;
            case "measurement": meter.CreateCounter<long>("planted").Add(1, new KeyValuePair<string, object?>("key", Planted)); return;
        }
        using var activity = source.StartActivity("planted")!;
        if (place == "tag") activity.SetTag("key", Planted);
        if (place == "event") activity.AddEvent(new ActivityEvent("x", tags: new ActivityTagsCollection { ["key"] = Planted }));
        if (place == "baggage") activity.SetBaggage("key", Planted);
        if (place == "status") activity.SetStatus(ActivityStatusCode.Error, Planted);
    }
}
