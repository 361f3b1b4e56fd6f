using System.Collections;
using System.Collections.Immutable;

namespace Spendra.Core.Metering;

/// <summary>
/// Values of a few unit classes, in the order of the classes, with equality by content. <c>default</c> is empty.
/// Small: looking up is a scan.
/// </summary>
public readonly struct UnitMap<TValue> : IEquatable<UnitMap<TValue>>, IEnumerable<(UnitClass Class, TValue Value)>
    where TValue : struct, IEquatable<TValue>
{
    private readonly ImmutableArray<(UnitClass Class, TValue Value)> _entries;

    private UnitMap(ImmutableArray<(UnitClass, TValue)> entries) => _entries = entries;

    private ImmutableArray<(UnitClass Class, TValue Value)> Entries => _entries.IsDefault ? [] : _entries;

    public bool IsEmpty => _entries.IsDefaultOrEmpty;

    public TValue? Find(UnitClass unit)
    {
        foreach (var (known, value) in Entries)
        {
            if (known == unit) return value;
        }
        return null;
    }

    /// <summary>The map with one value set.</summary>
    public UnitMap<TValue> With(UnitClass unit, TValue value)
    {
        var entries = Entries;
        var at = 0;
        while (at < entries.Length && entries[at].Class < unit) at++;
        return at < entries.Length && entries[at].Class == unit
            ? new UnitMap<TValue>(entries.SetItem(at, (unit, value)))
            : new UnitMap<TValue>(entries.Insert(at, (unit, value)));
    }

    /// <summary>The map without one class.</summary>
    public UnitMap<TValue> Without(UnitClass unit) => new([.. Entries.Where(e => e.Class != unit)]);

    public bool Equals(UnitMap<TValue> other) => Entries.AsSpan().SequenceEqual(other.Entries.AsSpan());

    public override bool Equals(object? obj) => obj is UnitMap<TValue> other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var entry in Entries) hash.Add(entry);
        return hash.ToHashCode();
    }

    public static bool operator ==(UnitMap<TValue> left, UnitMap<TValue> right) => left.Equals(right);

    public static bool operator !=(UnitMap<TValue> left, UnitMap<TValue> right) => !left.Equals(right);

    public ImmutableArray<(UnitClass Class, TValue Value)>.Enumerator GetEnumerator() => Entries.GetEnumerator();

    IEnumerator<(UnitClass Class, TValue Value)> IEnumerable<(UnitClass Class, TValue Value)>.GetEnumerator() =>
        ((IEnumerable<(UnitClass, TValue)>)Entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)Entries).GetEnumerator();

    /// <summary>As it reads in a failed test: <c>web_searches 3, images 1</c>.</summary>
    public override string ToString() => string.Join(", ", Entries.Select(e => $"{UnitClasses.NameOf(e.Class)} {e.Value}"));
}
