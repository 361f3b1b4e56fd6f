using System.Net;
using Spendra.Gateway.Forwarding;

namespace Spendra.Gateway.Tests.Units;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("0.0.0.0", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("100.127.255.255", true)]
    [InlineData("100.128.0.0", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.255.255.254", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("172.15.255.255", false)]
    [InlineData("172.16.0.0", true)]
    [InlineData("172.31.255.255", true)]
    [InlineData("172.32.0.0", false)]
    [InlineData("192.0.0.170", true)]
    [InlineData("192.168.1.1", true)]
    [InlineData("198.19.0.1", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("1.1.1.1", false)]
    [InlineData("104.18.6.192", false)]
    [InlineData("::", true)]
    [InlineData("::1", true)]
    [InlineData("::127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:169.254.169.254", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("64:ff9b::a9fe:a9fe", true)]
    [InlineData("64:ff9b:1::a00:1", true)]
    [InlineData("2001:0:7f00:1::", true)]
    [InlineData("2002:7f00:1::1", true)]
    [InlineData("fc00::1", true)]
    [InlineData("fd12:3456::1", true)]
    [InlineData("fe80::1%1", true)]
    [InlineData("fec0::1", true)]
    [InlineData("ff02::1", true)]
    [InlineData("2606:4700::6812:7c0", false)]
    public void Inside_addresses_are_told_from_public_ones(string address, bool isInside) =>
        AddressRules.IsInside(IPAddress.Parse(address)).Should().Be(isInside);
}
