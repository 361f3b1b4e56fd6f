using Spendra.Core.Access;

namespace Spendra.Core.Tests.Access;

public sealed class DomainNameTests
{
    [Theory]
    [InlineData("acme.example", "acme.example")]
    [InlineData("ACME.Example", "acme.example")]
    [InlineData("a.b-c.9x", "a.b-c.9x")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    public void A_domain_is_read_in_lower_case(string text, string name) => DomainName.Read(text).Should().Be(name);

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData(".example")]
    [InlineData("acme.")]
    [InlineData("acme..example")]
    [InlineData("-acme.example")]
    [InlineData("acme-.example")]
    [InlineData("ac_me.example")]
    [InlineData("acme.example/x")]
    [InlineData("acme.example ")]
    [InlineData("bücher.example")]
    [InlineData("10.1.2.3")]
    [InlineData("*.example")]
    public void What_is_no_domain_is_not_read(string text) => DomainName.Read(text).Should().BeNull();

    [Fact]
    public void Labels_and_names_have_a_length()
    {
        var label = new string('a', 63);
        DomainName.Read($"{label}.example").Should().NotBeNull();
        DomainName.Read($"{label}a.example").Should().BeNull();
        // The record's own name has to fit beside it.
        var long200 = $"{label}.{label}.{label}.{new string('b', 8)}";
        long200.Length.Should().Be(200);
        DomainName.Read(long200).Should().Be(long200);
        DomainName.Read($"{long200}b").Should().BeNull();
    }
}
