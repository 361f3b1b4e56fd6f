using Spendra.Core.Governance;

namespace Spendra.Core.Tests.Governance;

public sealed class NameRuleTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("7")]
    [InlineData("team-a_1.2")]
    [InlineData("0._-z")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789-_.abcdefghijklmnopqrstuvwx")]
    public void Slug_is_small_letters_digits_and_a_few_marks(string text) => SlugRule.Matches(text).Should().BeTrue();

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("_a")]
    [InlineData(".a")]
    [InlineData("A")]
    [InlineData("aB")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("é")]
    [InlineData("aé")]
    [InlineData("a\n")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789-_.abcdefghijklmnopqrstuvwxy")]
    public void Text_that_is_no_slug_is_refused(string text) => SlugRule.Matches(text).Should().BeFalse();

    [Theory]
    [InlineData("a")]
    [InlineData("Größe 10")]
    [InlineData(" a ")]
    [InlineData("12345678")]
    [InlineData("😀😀")]
    [InlineData("a😀b")]
    public void Plain_text_is_what_people_write(string text) => PlainText.Matches(text, longest: 8).Should().BeTrue();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("  ")]
    [InlineData("123456789")]
    [InlineData("a\nb")]
    [InlineData("\t")]
    [InlineData("a\u001b[31")]
    [InlineData("a\u007f")]
    [InlineData("a\u0085")]
    [InlineData("a\0")]
    public void Blank_long_and_controlling_text_is_refused(string text) => PlainText.Matches(text, longest: 8).Should().BeFalse();

    // As numbers, because a test's name cannot hold half a pair.
    [Theory]
    [InlineData(0xD83D)]
    [InlineData(0xDE00)]
    [InlineData(0x61, 0xD83D)]
    [InlineData(0xD83D, 0x61)]
    [InlineData(0xDE00, 0xD83D)]
    [InlineData(0xD83D, 0xD83D, 0xDE00)]
    [InlineData(0xD83D, 0xDE00, 0xDE00)]
    [InlineData(0xD83D, 0xDE00, 0x61, 0xDE00)]
    public void Half_of_a_surrogate_pair_is_refused(params int[] characters) =>
        PlainText.Matches(new string([.. characters.Select(c => (char)c)]), longest: 8).Should().BeFalse();
}
