using Spendra.Proof.Kills;
using Spendra.Proof.Power;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Proof.Tests;

/// <summary>What was not synced is gone, and what was is not.</summary>
public sealed class PowerCutTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Data => Directory.CreateDirectory(_folder.File("data")).FullName;

    private string Logs => Directory.CreateDirectory(_folder.File("logs")).FullName;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Unsynced_writes_are_taken_back_in_reverse()
    {
        File.WriteAllText(Path.Combine(Data, "db"), "aZZdeFGH");
        using (var log = new WriteLog(Path.Combine(Logs, "db")))
        {
            log.Append(new UnsyncedWrite(1, 5, [.. "bc"u8], [.. "XX"u8]));
            log.Append(new UnsyncedWrite(1, 5, [.. "XX"u8], [.. "ZZ"u8]));
            log.Append(new UnsyncedWrite(5, 5, [], [.. "FGH"u8]));
        }

        var lost = PowerCut.Strike(Logs, Data, new Random(1), keepsSome: false);

        lost.Should().Be(3);
        File.ReadAllText(Path.Combine(Data, "db")).Should().Be("abcde");
        Directory.GetFiles(Logs).Should().BeEmpty();
    }

    [Fact]
    public void Synced_writes_stay()
    {
        File.WriteAllText(Path.Combine(Data, "db"), "new");
        using (var log = new WriteLog(Path.Combine(Logs, "db")))
        {
            log.Append(new UnsyncedWrite(0, 3, [.. "old"u8], [.. "new"u8]));
            log.Forget();
        }

        PowerCut.Strike(Logs, Data, new Random(1), keepsSome: false).Should().Be(0);

        File.ReadAllText(Path.Combine(Data, "db")).Should().Be("new");
    }

    [Fact]
    public void A_power_cut_that_lost_nothing_does_not_count()
    {
        var tally = new Tally(TextWriter.Null);
        var plan = new KillPlan { Kills = 0, Engines = [DatabaseEngine.Sqlite], Stops = 0, PowerCuts = 1 };
        File.WriteAllText(Path.Combine(Data, "db"), "new");
        using (var log = new WriteLog(Path.Combine(Logs, "db")))
        {
            log.Append(new UnsyncedWrite(0, 3, [.. "old"u8], [.. "new"u8]));
            log.Forget();
        }

        tally.LostPower(PowerCut.Strike(Logs, Data, new Random(1), keepsSome: false));

        (tally.PowerCuts, tally.EmptyPowerCuts, plan.IsReached(tally)).Should().Be((0, 1, false));

        using (var log = new WriteLog(Path.Combine(Logs, "db"))) log.Append(new UnsyncedWrite(0, 3, [.. "old"u8], [.. "new"u8]));

        tally.LostPower(PowerCut.Strike(Logs, Data, new Random(1), keepsSome: false));

        (tally.PowerCuts, tally.EmptyPowerCuts, plan.IsReached(tally)).Should().Be((1, 1, true));
    }

    [Fact]
    public void A_truncation_is_taken_back_too()
    {
        File.WriteAllText(Path.Combine(Data, "db"), "abc");
        using (var log = new WriteLog(Path.Combine(Logs, "db"))) log.Append(new UnsyncedWrite(3, 6, [.. "def"u8], After: null));

        PowerCut.Strike(Logs, Data, new Random(1), keepsSome: false);

        File.ReadAllText(Path.Combine(Data, "db")).Should().Be("abcdef");
    }

    [Fact]
    public void A_record_that_was_cut_short_is_of_a_write_that_never_was()
    {
        using (var log = new WriteLog(Path.Combine(Logs, "db")))
        {
            log.Append(new UnsyncedWrite(0, 3, [.. "abc"u8], [.. "xyz"u8]));
            log.Append(new UnsyncedWrite(0, 3, [.. "xyz"u8], [.. "123"u8]));
        }
        var bytes = File.ReadAllBytes(Path.Combine(Logs, "db"));
        File.WriteAllBytes(Path.Combine(Logs, "db"), bytes[..^2]);

        WriteLog.Read(Path.Combine(Logs, "db")).Should().ContainSingle();
    }

    [Fact]
    public void Shared_memory_does_not_outlive_the_power()
    {
        File.WriteAllText(Path.Combine(Data, "spendra.db-shm"), "index");
        _ = Logs;

        PowerCut.Strike(Logs, Data, new Random(1), keepsSome: true);

        File.Exists(Path.Combine(Data, "spendra.db-shm")).Should().BeFalse();
    }
}
