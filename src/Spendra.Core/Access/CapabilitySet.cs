namespace Spendra.Core.Access;

/// <summary>A set of capabilities, one bit each; <c>default</c> is the empty set.</summary>
public readonly record struct CapabilitySet
{
    private readonly ulong _bits;

    private CapabilitySet(ulong bits) => _bits = bits;

    /// <summary>Everything there is.</summary>
    public static CapabilitySet Everything => Of([.. Capabilities.All]);

    public static CapabilitySet Of(params ReadOnlySpan<Capability> capabilities)
    {
        var bits = 0UL;
        foreach (var capability in capabilities) bits |= Bit(capability);
        return new CapabilitySet(bits);
    }

    public bool IsEmpty => _bits == 0;

    public bool Holds(Capability capability) => (_bits & Bit(capability)) != 0;

    public bool IsWithin(CapabilitySet other) => (_bits & ~other._bits) == 0;

    public static CapabilitySet operator |(CapabilitySet left, CapabilitySet right) => new(left._bits | right._bits);

    public static CapabilitySet operator &(CapabilitySet left, CapabilitySet right) => new(left._bits & right._bits);

    /// <summary>The names, in the order of the enum.</summary>
    public IReadOnlyList<string> Names()
    {
        var set = this;
        return [.. Capabilities.All.Where(set.Holds).Select(Capabilities.NameOf)];
    }

    public override string ToString() => string.Join(", ", Names());

    private static ulong Bit(Capability capability) => 1UL << (int)capability;
}
