using Spendra.Proof.Kills;
using Spendra.Proof.Network;

namespace Spendra.Proof.Tests;

/// <summary>A broken promise is said when it is found, not when a campaign ends that may never do.</summary>
public sealed class ViolationsTests : IDisposable
{
    private readonly StringWriter _said = new();

    public void Dispose() => _said.Dispose();

    [Fact]
    public void What_a_kill_has_broken_is_said_at_once_and_once()
    {
        var tally = new Tally(_said);

        tally.Found("first");
        tally.Checked(["first", "second"]);

        _said.ToString().Should().Be($"VIOLATION first{Environment.NewLine}VIOLATION second{Environment.NewLine}");
        tally.Violations.Should().Equal("first", "second");
    }

    [Fact]
    public void What_a_cut_has_broken_is_said_at_once_with_its_place()
    {
        var tally = new CutTally(_said);

        tally.Checked(["lost"], "byte 7");

        _said.ToString().Should().Be($"VIOLATION byte 7: lost{Environment.NewLine}");
    }

    [Fact]
    public void What_breaks_all_the_time_is_counted_and_not_said_for_ever()
    {
        var violations = new Violations(_said);

        violations.Add(Enumerable.Range(0, 1_000).Select(i => $"{i}"));

        violations.Count.Should().Be(1_000);
        _said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.Should().BeLessThan(500);
    }
}
