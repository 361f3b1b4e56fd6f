using System.Globalization;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>Long lists: every row once and in order, whatever was read before and whatever was forgotten.</summary>
public sealed class ScrolledListTests
{
    private const int PageSize = 10;

    private readonly List<int> _rows = [.. Enumerable.Range(0, 1_000)];
    private readonly List<string?> _asked = [];
    private Func<Task> _wait = () => Task.CompletedTask;

    [Fact]
    public async Task A_list_is_read_as_far_as_it_is_shown()
    {
        var list = List();
        (await list.StartAsync()).Should().BeTrue();
        list.First.Should().Equal(_rows.Take(PageSize));
        list.Length.Should().Be(2 * PageSize, "there is more, and nobody knows how much");
        list.IsScrolled.Should().BeFalse();
        list.IsComplete.Should().BeFalse();

        (await list.ReadAsync(8, 25)).Should().Equal(_rows.Skip(8).Take(25));
        list.IsScrolled.Should().BeTrue();
        _asked.Should().HaveCount(4).And.OnlyHaveUniqueItems("every page is read once");
        (await list.ReadAsync(995, 100)).Should().Equal(_rows.Skip(995));
        list.Length.Should().Be(1_000);
        list.IsComplete.Should().BeTrue();
        (await list.ReadAsync(1_000, 10)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_scrolled_past_long_ago_is_read_again_when_somebody_goes_back()
    {
        var list = List();
        await list.StartAsync();
        for (var from = 0; from < 1_000; from += PageSize) await list.ReadAsync(from, PageSize);
        _asked.Should().HaveCount(100);

        (await list.ReadAsync(50, 20)).Should().Equal(_rows.Skip(50).Take(20));

        _asked.Should().HaveCount(102, "these two pages were forgotten");
        list.Length.Should().Be(1_000);
        list.First.Should().Equal(_rows.Take(PageSize));
        _asked.Count(a => a is null).Should().Be(1, "the first page is kept");
    }

    [Fact]
    public async Task Rows_that_came_in_between_move_what_follows_and_none_is_lost()
    {
        var list = List();
        await list.StartAsync();
        for (var from = 0; from < 1_000; from += PageSize) await list.ReadAsync(from, PageSize);

        _rows.Insert(55, -1);

        (await list.ReadAsync(50, 30)).Should().Equal(_rows.Skip(50).Take(30));
        (await list.ReadAsync(990, 50)).Should().Equal(_rows.Skip(990));
        list.Length.Should().Be(1_001);
    }

    [Fact]
    public async Task Who_sees_few_of_many_rows_is_shown_the_first_that_there_are()
    {
        var list = new ScrolledList<int>(KeyOf, cursor => Task.FromResult<Page<int>?>(cursor switch
        {
            null => new Page<int>([], "a"), "a" => new Page<int>([], "b"), "b" => new Page<int>([1, 2], "c"), _ => new Page<int>([3], null),
        }));
        await list.StartAsync();

        list.First.Should().Equal(1, 2);
        (await list.ReadAsync(0, 10)).Should().Equal(1, 2, 3);
        list.Length.Should().Be(3);
    }

    [Fact]
    public async Task Who_asks_again_before_the_answer_is_there_makes_nothing_be_read_twice()
    {
        var list = List();
        await list.StartAsync();
        var gate = new TaskCompletionSource();
        _wait = () => gate.Task;

        var both = Task.WhenAll(list.ReadAsync(10, 20), list.ReadAsync(15, 20));
        gate.SetResult();

        (await both)[1].Should().Equal(_rows.Skip(15).Take(20));
        _asked.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Newer_rows_are_noticed_and_a_list_that_cannot_be_read_says_so()
    {
        var list = List();
        await list.StartAsync();
        (await list.HasNewerAsync()).Should().BeFalse();
        _rows.Insert(0, -7);
        (await list.HasNewerAsync()).Should().BeTrue();
        var again = List();
        await again.StartAsync();
        again.BeginsAs(list).Should().BeFalse();
        again.BeginsAs(again).Should().BeTrue();

        (await new ScrolledList<int>(KeyOf, _ => Task.FromResult<Page<int>?>(null)).StartAsync()).Should().BeFalse();
        var empty = new ScrolledList<int>(KeyOf, _ => Task.FromResult<Page<int>?>(new Page<int>([], null)));
        (await empty.StartAsync()).Should().BeTrue();
        empty.Length.Should().Be(0);
    }

    // A cursor is the row that it is behind, as those of the ledger are.
    private ScrolledList<int> List() => new(KeyOf, async cursor =>
    {
        _asked.Add(cursor);
        await _wait();
        var from = cursor is null ? 0 : _rows.IndexOf(int.Parse(cursor, CultureInfo.InvariantCulture)) + 1;
        var rows = _rows.Skip(from).Take(PageSize).ToList();
        return new Page<int>(rows, from + rows.Count < _rows.Count ? KeyOf(rows[^1]) : null);
    });

    private static string KeyOf(int row) => row.ToString(CultureInfo.InvariantCulture);
}
