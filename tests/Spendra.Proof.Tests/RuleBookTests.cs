using Spendra.Proof.Worlds;

namespace Spendra.Proof.Tests;

/// <summary>What an administrator can be sure of, and when.</summary>
public sealed class RuleBookTests
{
    private readonly RuleBook _book = new();

    [Fact]
    public void Nothing_is_known_of_what_was_never_ruled() => _book.During("key", Now, Now).Should().BeNull();

    [Fact]
    public void A_change_holds_from_its_acknowledgement_on()
    {
        _book.End(_book.Begin("key", permits: true), isKnown: true);
        _book.End(_book.Begin("key", permits: false), isKnown: true);

        _book.During("key", Now, Now).Should().BeFalse();
        _book.During("other", Now, Now).Should().BeNull();
    }

    [Fact]
    public void A_call_during_a_change_may_meet_either_rule()
    {
        _book.End(_book.Begin("key", permits: true), isKnown: true);
        var before = Now;
        var change = _book.Begin("key", permits: false);

        _book.During("key", before, Now).Should().BeNull();
        _book.End(change, isKnown: true);
        _book.During("key", before, Now).Should().BeNull();
    }

    [Fact]
    public void A_call_that_ended_before_a_change_was_asked_for_met_the_rule_before()
    {
        _book.End(_book.Begin("key", permits: true), isKnown: true);
        var call = Now;
        _book.Begin("key", permits: false);

        _book.During("key", call, call).Should().BeTrue();
    }

    [Fact]
    public void After_a_change_that_was_not_acknowledged_nobody_knows_until_the_next()
    {
        _book.End(_book.Begin("key", permits: true), isKnown: true);
        _book.End(_book.Begin("key", permits: false), isKnown: false);
        _book.During("key", Now, Now).Should().BeNull();
        _book.Unknown.Should().Be(1);

        _book.End(_book.Begin("key", permits: true), isKnown: true);

        _book.During("key", Now, Now).Should().BeTrue();
    }

    [Fact]
    public void A_book_of_another_process_is_heard_line_by_line()
    {
        var copy = new RuleBook();
        var book = new RuleBook(line => copy.Hear(line));
        book.End(book.Begin("key", permits: true), isKnown: true);
        var before = Now;
        var change = book.Begin("key", permits: false);

        copy.During("key", before, before).Should().BeTrue();
        copy.During("key", Now, Now).Should().BeNull("it is being changed");
        book.End(change, isKnown: true);
        copy.During("key", Now, Now).Should().BeFalse();
        copy.Hear("listening on http://127.0.0.1:1").Should().BeNull("that is no line of a book");
    }

    [Fact]
    public void What_a_process_had_begun_when_it_was_killed_nobody_knows()
    {
        var copy = new RuleBook();
        var book = new RuleBook(line => copy.Hear(line));
        book.End(book.Begin("key", permits: true), isKnown: true);
        book.Begin("key", permits: false);

        copy.LeaveOpen();

        copy.During("key", Now, Now).Should().BeNull();
        copy.Unknown.Should().Be(1);
    }

    /// <summary>Later than everything before: the clock may stand still between two looks.</summary>
    private static DateTimeOffset Now
    {
        get
        {
            var begun = DateTimeOffset.UtcNow;
            while (DateTimeOffset.UtcNow == begun) Thread.SpinWait(100);
            var now = DateTimeOffset.UtcNow;
            while (DateTimeOffset.UtcNow == now) Thread.SpinWait(100);
            return now;
        }
    }
}
