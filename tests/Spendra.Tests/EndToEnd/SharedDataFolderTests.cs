using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>The command line beside a server that is busy with the same database.</summary>
public sealed class SharedDataFolderTests
{
    private const int Rounds = 3;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Commands_and_a_loaded_server_never_stand_in_each_others_way(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1000"));
        var served = await site.ServeAsync();
        await using var load = Load.Start(served, site.Keys["ada"], callers: 4);
        await load.WaitForAsync(20);

        await Task.WhenAll(RepeatAsync("budgets"), RepeatAsync("reservations"), RepeatAsync("verify"), RepeatApplyAsync(site));
        // Between and after the commands, calls have gone on.
        await load.WaitForAsync(load.Answers.Count + 20);
        await load.StopAsync();

        load.Answers.Should().OnlyContain(a => a.Status == 200);
        await served.ShouldStopAsync();
        served.Process.Output.Should().NotContain("locked").And.NotContain("Exception");
        (await site.StandingAsync("ada-total")).Settled.Should().Be(Acme.ChatCost().Times(load.Answers.Count));
        await site.ShouldVerifyAsync();

        async Task RepeatAsync(string command)
        {
            for (var round = 0; round < Rounds; round++) await site.JsonAsync(command);
        }
    }

    private static async Task RepeatApplyAsync(Site site)
    {
        for (var round = 0; round < Rounds; round++) await site.ApplyAsync(Acme.Declaration($"{1001 + round}"));
    }
}
