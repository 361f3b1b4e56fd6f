using System.Collections;
using CsCheck;
using Spendra.Core.Metering;

namespace Spendra.Core.Tests.Metering;

public sealed class UnitMapTests
{
    private static readonly UnitClass[] Classes = [.. UnitClasses.Others.Select(o => o.Class)];

    [Fact]
    public void Default_is_empty_and_equal_to_every_empty_map()
    {
        default(UnitMap<long>).IsEmpty.Should().BeTrue();
        default(UnitMap<long>).Find(UnitClass.Images).Should().BeNull();
        default(UnitMap<long>).Should().BeEmpty();
        (default(UnitMap<long>) == new UnitMap<long>()).Should().BeTrue();
        default(UnitMap<long>).ToString().Should().BeEmpty();
        default(UnitMap<long>).GetHashCode().Should().Be(new UnitMap<long>().GetHashCode());
    }

    [Fact]
    public void Value_is_found_by_its_class_alone()
    {
        var map = default(UnitMap<long>).With(UnitClass.Seconds, 7).With(UnitClass.Images, 3);
        map.IsEmpty.Should().BeFalse();
        map.Find(UnitClass.Seconds).Should().Be(7);
        map.Find(UnitClass.Images).Should().Be(3);
        map.Find(UnitClass.Characters).Should().BeNull();
    }

    [Fact]
    public void Entries_are_in_the_order_of_the_classes_whatever_the_order_of_writing()
    {
        var map = default(UnitMap<long>).With(UnitClass.ToolCalls, 1).With(UnitClass.CacheWriteLong, 2).With(UnitClass.Images, 3);
        map.Select(e => e.Class).Should().Equal(UnitClass.CacheWriteLong, UnitClass.Images, UnitClass.ToolCalls);
        map.ToString().Should().Be("cache_write_long 2, images 3, tool_calls 1");
    }

    [Fact]
    public void Writing_again_replaces_and_leaves_the_first_map_as_it_was()
    {
        var first = default(UnitMap<long>).With(UnitClass.Images, 3).With(UnitClass.Seconds, 4);
        var second = first.With(UnitClass.Images, 5);
        first.Find(UnitClass.Images).Should().Be(3);
        second.Should().Equal((UnitClass.Images, 5L), (UnitClass.Seconds, 4L));
    }

    [Fact]
    public void Maps_of_one_content_are_equal_and_of_another_are_not()
    {
        var map = default(UnitMap<long>).With(UnitClass.Images, 3).With(UnitClass.Seconds, 4);
        var same = default(UnitMap<long>).With(UnitClass.Seconds, 4).With(UnitClass.Images, 3);
        var other = map.With(UnitClass.Seconds, 5);
        (map == same, map != same, map.Equals((object)same)).Should().Be((true, false, true));
        (map == other, map != other, map.Equals((object)other)).Should().Be((false, true, false));
        (map == default, map.Equals("images 3")).Should().Be((false, false));
        map.GetHashCode().Should().Be(same.GetHashCode()).And.NotBe(other.GetHashCode());
    }

    [Fact]
    public void Every_way_of_listing_gives_the_same_entries()
    {
        var map = default(UnitMap<long>).With(UnitClass.Images, 3).With(UnitClass.Seconds, 4);
        var listed = new List<(UnitClass, long)>();
        foreach (var entry in map) listed.Add(entry);
        listed.Should().Equal((UnitClass.Images, 3L), (UnitClass.Seconds, 4L));
        ((IEnumerable)map).Cast<(UnitClass, long)>().Should().Equal(listed);
        ((IEnumerable<(UnitClass, long)>)map).Should().Equal(listed);
    }

    [Fact]
    public void A_map_holds_what_a_sorted_dictionary_would() =>
        Gen.Select(Gen.Int[0, Classes.Length - 1].Select(i => Classes[i]), Gen.Long[0, 9]).Array[0, 40].Sample(writes =>
        {
            var (map, model) = (default(UnitMap<long>), new SortedDictionary<UnitClass, long>());
            foreach (var (unit, value) in writes)
            {
                map = map.With(unit, value);
                model[unit] = value;
            }
            return map.Select(e => (e.Class, e.Value)).SequenceEqual(model.Select(m => (m.Key, m.Value)))
                && Classes.All(c => map.Find(c) == (model.TryGetValue(c, out var value) ? value : null));
        }, iter: 2_000);
}
