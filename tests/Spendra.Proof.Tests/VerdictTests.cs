namespace Spendra.Proof.Tests;

/// <summary>A broken promise weighs more than failed machinery, and neither is taken for the other.</summary>
public sealed class VerdictTests
{
    private int _reports;

    [Theory]
    [InlineData(true, true, Verdict.Kept)]
    [InlineData(true, false, Verdict.FloorNotReached)]
    [InlineData(false, true, Verdict.Broken)]
    public async Task A_run_to_the_end_is_judged_by_what_it_saw(bool isKept, bool isFloorReached, int verdict)
    {
        (await Verdict.OfAsync(() => Task.CompletedTask, () => _reports++, () => isKept, () => isFloorReached)).Should().Be(verdict);
        _reports.Should().Be(1);
    }

    [Theory]
    [InlineData(true, Verdict.Failed)]
    [InlineData(false, Verdict.Broken)]
    public async Task A_run_that_breaks_off_reports_what_it_has_seen(bool isKept, int verdict)
    {
        (await Verdict.OfAsync(() => throw new TimeoutException("nobody came"), () => _reports++, () => isKept, () => true)).Should().Be(verdict);
        _reports.Should().Be(1);
    }
}
