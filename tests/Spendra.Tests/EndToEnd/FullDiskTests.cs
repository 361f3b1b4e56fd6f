using Spendra.Core.Money;

namespace Spendra.Tests.EndToEnd;

/// <summary>No space for a reservation: no call. Space again: calls again, and nothing was lost in between.</summary>
public sealed class FullDiskTests
{
    private const int Most = 20_000;

    [Theory]
    [InlineData("a file system")]
    [InlineData("a limit on files")]
    public async Task A_full_disk_closes_the_gateway_and_a_freed_one_opens_it(string tightness)
    {
        await using var disk = tightness == "a file system" ? await TightDisk.MountAsync() : TightDisk.Limit();
        await using var site = await Site.CreateAsync(dataFolder: Path.Combine(disk.Folder, "data"));
        await site.ApplyAsync(Acme.Declaration("1000"));
        var process = disk.Start(["serve", "--urls", "http://127.0.0.1:0", .. site.DatabaseArguments], site.Variables);
        await using var served = await ServedProcess.ReadyAsync(process);
        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);

        await disk.FillAsync(served);
        var (admitted, refused) = await CallUntilRefusedAsync(site, served);
        refused.ShouldBeError(503, "ledger_unavailable").ShouldRetry.Should().Be("true");
        var reached = site.Sandbox.Journal.Count;
        reached.Should().Be(1 + admitted, "whatever reached the provider had its reservation");
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => served.ChatAsync(site.Keys["ada"]))))
            answer.ShouldBeError(503, "ledger_unavailable");
        site.Sandbox.Journal.Count.Should().Be(reached);

        await disk.FreeAsync(served);
        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200, served.Process.Output);
        await served.ShouldStopAsync();
        var ada = await site.StandingAsync("ada-total");
        ada.Reserved.Should().Be(NanoUsd.Zero);
        ada.Settled.Should().Be(Acme.ChatCost().Times(site.Sandbox.Journal.Count));
        await site.ShouldVerifyAsync();
    }

    /// <summary>The log has some pages to spare before it must grow.</summary>
    private static async Task<(int Admitted, Answer Refused)> CallUntilRefusedAsync(Site site, ServedProcess served)
    {
        for (var admitted = 0; admitted < Most; admitted++)
        {
            var answer = await served.ChatAsync(site.Keys["ada"]);
            if (answer.Status != 200) return (admitted, answer);
        }
        throw new InvalidOperationException($"{Most} calls were admitted on a disk that is full");
    }
}
