using Dapper;
using Spendra.Proof.Kills;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>Where power is cut, the rules are changed by the very process that dies.</summary>
public sealed class RulesUnderPowerCutsTests : IAsyncLifetime
{
    private readonly Tally _tally = new(TextWriter.Null);
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync("power", DatabaseEngine.Sqlite, postgres: null);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_rule_that_its_administrator_was_told_of_outlives_the_power()
    {
        var campaign = new KillCampaign(_world, new PointDeck(DatabaseEngine.Sqlite, _ => true), _tally) { LosesPower = true };
        var before = _world.Administrator.Book.Acknowledged;
        await using (var host = campaign.StartServer())
        {
            await host.ListeningAsync();
            await host.SaysAsync(line => line.StartsWith("rule ends dora-1 True", StringComparison.Ordinal));
            await campaign.CountAsync(host, death: null);
        }

        _tally.Violations.Should().BeEmpty();
        (_tally.PowerCuts + _tally.EmptyPowerCuts).Should().Be(1);
        var book = _world.Administrator.Book;
        book.Acknowledged.Should().BeGreaterThan(before);
        book.During("dora-1", DateTimeOffset.UtcNow, DateTimeOffset.UtcNow).Should().BeFalse("it was revoked in the other process");
        await using var database = _world.Open();
        await using var connection = await database.ConnectAsync(TestContext.Current.CancellationToken);
        (await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM scoped_keys WHERE slug = 'dora-1' AND revoked_at IS NOT NULL")).Should().Be(1);
    }
}
