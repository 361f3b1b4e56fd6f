namespace Spendra.Core.Governance;

/// <summary>
/// Networks that nothing outside is reached through: private, loopback, link-local, shared, multicast and reserved ones.
/// What a request from here may lead to is checked against them, after name resolution.
/// </summary>
public static class InsideNetworks
{
    private static readonly (byte[] Prefix, int Bits)[] V4 =
    [
        ([0], 8),
        ([10], 8),
        ([100, 64], 10),
        ([127], 8),
        ([169, 254], 16),
        ([172, 16], 12),
        ([192, 0, 0], 24),
        ([192, 168], 16),
        ([198, 18], 15),
        ([224], 3),
    ];

    // ::/96 is unspecified, loopback and IPv4-compatible; then IPv4 addresses inside IPv6 ones: NAT64, Teredo, 6to4.
    private static readonly (byte[] Prefix, int Bits)[] V6 =
    [
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 96),
        ([0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96),
        ([0x00, 0x64, 0xff, 0x9b, 0, 1], 48),
        ([0x20, 0x01, 0, 0], 32),
        ([0x20, 0x02], 16),
        ([0xfc], 7),
        ([0xfe, 0x80], 10),
        ([0xfe, 0xc0], 10),
        ([0xff], 8),
    ];

    private static ReadOnlySpan<byte> Mapped => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

    /// <param name="address">Four bytes of an IPv4 address or sixteen of an IPv6 one, in network order.</param>
    public static bool Contain(ReadOnlySpan<byte> address)
    {
        if (address.Length is not (4 or 16)) throw new ArgumentException("an address has 4 or 16 bytes", nameof(address));
        if (address.Length == 16 && address.StartsWith(Mapped)) address = address[Mapped.Length..];
        foreach (var (prefix, bits) in address.Length == 4 ? V4 : V6)
        {
            if (Begins(address, prefix, bits)) return true;
        }
        return false;
    }

    private static bool Begins(ReadOnlySpan<byte> address, byte[] prefix, int bits)
    {
        var whole = bits / 8;
        if (!address[..whole].SequenceEqual(prefix.AsSpan(0, whole))) return false;
        return bits % 8 == 0 || (address[whole] ^ prefix[whole]) < 1 << (8 - bits % 8);
    }
}
