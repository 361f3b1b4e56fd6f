using System.Data;
using Npgsql;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>An administrator who works in a process that will be killed, as the process that outlives it hears of it.</summary>
public sealed class AdministratorTests
{
    private readonly List<string> _lines = [];
    private readonly List<string> _found = [];
    private readonly Administrator _administrator = new(DatabaseTarget.Folder("nowhere"), "", "acme", cap => cap);

    public AdministratorTests()
    {
        _administrator.GoOn(new AdministratorState(3, IsCut: false, "dora-3"));
        _administrator.Follow(() => _lines, _found.Add);
        _lines.Add("listening on http://127.0.0.1:1");
        new RuleBook(_lines.Add).Begin("dora-4", permits: true);
    }

    [Fact]
    public void A_key_is_used_when_it_was_told()
    {
        _administrator.DrawKey().Should().Be("dora-3");
        _lines.Add("rule key dora-4 secret .");

        _administrator.DrawKey();

        _administrator.LastKeys.Should().Equal("dora-3", "dora-4");
        _administrator.SecretOf("dora-4").Should().Be("secret");
    }

    [Fact]
    public void A_line_that_a_kill_has_cut_short_says_nothing()
    {
        _lines.Add("rule key dora-4 secr");

        _administrator.Unfollow();

        _administrator.LastKeys.Should().Equal("dora-3");
    }

    [Fact]
    public void Whoever_goes_on_uses_no_slug_again_and_moves_the_cap_the_other_way()
    {
        new RuleBook(_lines.Add).Begin(Administrator.Budget, permits: false);

        _administrator.Unfollow();

        _administrator.State.Should().Be(new AdministratorState(4, IsCut: true, "dora-3"));
        _administrator.Book.Unknown.Should().Be(2, "nobody knows what became of what was begun");
    }

    [Fact]
    public void A_change_that_failed_in_the_other_process_is_a_violation()
    {
        _lines.Add("rule failed a change of the rules failed: planted");

        _administrator.Unfollow();

        _found.Should().ContainSingle().Which.Should().Contain("planted");
    }

    [Fact]
    public void A_database_that_was_lost_is_known_in_each_of_its_words()
    {
        var broken = new NpgsqlException("stream", new EndOfStreamException());

        Administrator.IsLost(broken).Should().BeTrue();
        Administrator.IsLost(new DataException("while a row was read", broken)).Should().BeTrue();
        Administrator.IsLost(new PostgresException("stopping", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown)).Should().BeTrue();
        Administrator.IsLost(new DataException("a column is no number", new FormatException())).Should().BeFalse();
        Administrator.IsLost(new PostgresException("twice", "ERROR", "ERROR", PostgresErrorCodes.UniqueViolation)).Should().BeFalse();
    }
}
