using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Tests.Health;

/// <summary>What runs, as those who answer for it are told, on either engine.</summary>
public abstract class SystemContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_system_tells_its_version_its_database_and_the_latest_look_for_prices_at_each_source()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        var organization = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        await LookAsync(api, organization, "openrouter", 1_000, SyncOutcome.Unchanged);
        await LookAsync(api, organization, "catalog", 2_000, SyncOutcome.Unchanged);
        await LookAsync(api, organization, "openrouter", 3_000, SyncOutcome.Failed);

        var answer = await (await api.ClientAsync(MemberRole.Auditor)).GetAsync("/system");

        answer.Status.Should().Be(200, answer.Body);
        answer.Json.GetProperty("version").GetString().Should().MatchRegex(@"^\d+\.\d+\.\d+");
        answer.Json.GetProperty("database").GetString().Should().Be(engine == DatabaseEngine.Sqlite ? "sqlite" : "postgres");
        answer.Json.GetProperty("durability").GetString().Should().Be(await api.Store.Database.ReadDurabilityAsync(Cancel));
        answer.Json.GetProperty("priceLooks").EnumerateArray().Select(l => $"{l.GetProperty("source")} {l.GetProperty("outcome")}").Should()
            .Equal("openrouter failed", "catalog unchanged");
    }

    private static Task<PriceSyncRun> LookAsync(ControlHarness api, Guid organization, string source, long at, SyncOutcome outcome) => PriceProposals.RecordAsync(
        api.Store.Database, organization, new PriceSyncRun
        {
            RunId = Guid.CreateVersion7(), StartedAt = at, EndedAt = at, Source = source, PricesRead = 7, Outcome = outcome, Failure = outcome == SyncOutcome.Failed ? "away" : null,
        }, null, Cancel);
}

public sealed class SqliteSystemTests() : SystemContract(DatabaseEngine.Sqlite);

public sealed class PostgresSystemTests() : SystemContract(DatabaseEngine.Postgres);
