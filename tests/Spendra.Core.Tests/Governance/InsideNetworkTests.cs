using System.Net;
using CsCheck;
using Spendra.Core.Governance;

namespace Spendra.Core.Tests.Governance;

public sealed class InsideNetworkTests
{
    // The same networks as their registries write them.
    private static readonly IPNetwork[] Networks =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16",
            "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    public static TheoryData<string> Every => new(Networks.Select(n => n.ToString()));

    [Theory]
    [MemberData(nameof(Every))]
    public void A_network_is_inside_from_its_first_to_its_last_address_and_not_beyond(string text)
    {
        var network = IPNetwork.Parse(text);
        var first = network.BaseAddress.GetAddressBytes();
        var last = (byte[])first.Clone();
        for (var bit = network.PrefixLength; bit < last.Length * 8; bit++) last[bit / 8] |= (byte)(0x80 >> bit % 8);
        InsideNetworks.Contain(first).Should().BeTrue();
        InsideNetworks.Contain(last).Should().BeTrue();
        foreach (var neighbour in new[] { Step(first, -1), Step(last, 1) })
        {
            if (neighbour is not null) InsideNetworks.Contain(neighbour).Should().Be(Expected(new IPAddress(neighbour)), new IPAddress(neighbour).ToString());
        }
    }

    [Theory]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("::fffe:8.8.8.8", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("1.1.1.1", false)]
    [InlineData("2606:4700:4700::1111", false)]
    [InlineData("2001:4860:4860::8888", false)]
    [InlineData("::1", true)]
    public void An_address_is_judged_by_where_it_leads(string address, bool isInside) =>
        InsideNetworks.Contain(IPAddress.Parse(address).GetAddressBytes()).Should().Be(isInside);

    [Fact]
    public void Any_address_is_inside_exactly_when_one_of_the_networks_has_it() =>
        Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16], Gen.Byte.Array[2].Select(b => new byte[] { b[0], b[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }))
            .Sample(bytes => InsideNetworks.Contain(bytes) == Expected(new IPAddress(bytes)), iter: 20_000);

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(17)]
    public void Other_lengths_are_bugs(int length) =>
        FluentActions.Invoking(() => InsideNetworks.Contain(new byte[length])).Should().Throw<ArgumentException>();

    private static bool Expected(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return Networks.Any(n => n.BaseAddress.AddressFamily == address.AddressFamily && n.Contains(address));
    }

    /// <summary>The address before or after; null at the ends.</summary>
    private static byte[]? Step(byte[] address, int by)
    {
        var next = (byte[])address.Clone();
        for (var i = next.Length - 1; i >= 0; i--)
        {
            next[i] = (byte)(next[i] + by);
            if (next[i] != (by > 0 ? 0 : 255)) return next;
        }
        return null;
    }
}
