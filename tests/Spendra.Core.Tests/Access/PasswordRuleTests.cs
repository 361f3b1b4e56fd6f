using Spendra.Core.Access;

namespace Spendra.Core.Tests.Access;

public sealed class PasswordRuleTests
{
    [Theory]
    [InlineData(11, false)]
    [InlineData(12, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void A_password_is_as_long_as_it_must_be(int length, bool isOne)
    {
        var fault = PasswordRule.Fault(string.Concat("wxyz", new string('x', length - 4)), "ada@acme.example", "Ada Lovelace");
        (fault is null).Should().Be(isOne, fault);
    }

    [Theory]
    [InlineData("correct horse battery", null)]
    [InlineData("abcabcabcabc", "does not have 4 different characters")]
    [InlineData("abcdabcdabcd", null)]
    [InlineData("a.lovelace@acme.example", "is like the address")]
    [InlineData("A.Lovelace@Acme.Example1815", "is like the address")]
    [InlineData("lovelace@acme.example", "is like the address")]
    [InlineData("alovelace-2026", "is like the address")]
    [InlineData("Augusta_Byron!", "is like the name")]
    [InlineData("1815 augusta byron", "is like the name")]
    [InlineData("ugusta byron", "is like the name")]
    [InlineData("!?+*!?+*!?+*", null)]
    public void A_password_is_not_a_few_letters_and_not_what_everybody_knows(string password, string? fault) =>
        PasswordRule.Fault(password, "a.lovelace@acme.example", "Augusta Byron").Should().Be(fault);

    [Fact]
    public void A_short_name_is_in_many_words()
    {
        PasswordRule.Fault("nevada horse battery", "ada@b.example", "Ada").Should().BeNull();
        PasswordRule.Fault("turing and a horse", "t@b.example", "Turing").Should().Be("is like the name");
        PasswordRule.Fault("chan0 and a horse", "t@b.example", "Chan0").Should().Be("is like the name");
        PasswordRule.Fault("chan and a horse", "t@b.example", "Chan").Should().BeNull();
    }
}
