using System.Text;
using CsCheck;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>The tokenizer's bound of one text.</summary>
public sealed class TextTokensTests
{
    private static readonly TextTokens O200K = TokenEncodings.Find("openai", "gpt-4.1-mini")!;
    private static readonly TextTokens Cl100K = TokenEncodings.Find("openai", "gpt-4-turbo")!;

    [Theory]
    [InlineData("", 0)]
    // openai/tiktoken, tests: [24912, 2375].
    [InlineData("hello world", 2)]
    [InlineData("1234567", 3)]
    public void Ordinary_text_is_counted_exactly(string text, int tokens) => O200K.BoundOf(text).Should().Be(tokens);

    [Fact]
    public void Text_of_any_script_has_the_count_of_its_tokenizer() => Prompts.Texts.Sample(text =>
    {
        O200K.BoundOf(text).Should().BeGreaterThanOrEqualTo(Reckoning.O200K.Tokens(text));
        Cl100K.BoundOf(text).Should().BeGreaterThanOrEqualTo(Reckoning.Cl100K.Tokens(text));
    }, iter: 2_000);

    [Fact]
    public void The_samples_have_no_run_that_is_counted_by_bytes()
    {
        foreach (var (kind, text) in Prompts.Samples) O200K.BoundOf(text).Should().Be(Reckoning.O200K.Tokens(text), kind);
    }

    [Fact]
    public void What_reads_like_a_special_token_is_text()
    {
        // A client that writes it sends text, and the provider takes it apart: seven tokens. The tokenizer here takes it for
        // one or for seven, by what it saw before; counting the bytes of its signs is more than either.
        var text = string.Concat(Enumerable.Repeat("<|endoftext|>", 100));

        O200K.BoundOf(text).Should().BeGreaterThan(1_000);
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("=")]
    [InlineData("漢")]
    [InlineData("\u0301")]
    public void An_endless_run_is_counted_by_its_bytes(string unit)
    {
        var run = string.Concat(Enumerable.Repeat(unit, 100_000));

        var bound = O200K.BoundOf("Before 1 " + run + " 2 after");

        bound.Should().BeInRange(Encoding.UTF8.GetByteCount(run), Encoding.UTF8.GetByteCount(run) + 40);
    }

    [Fact]
    public void A_long_run_does_not_make_the_rest_of_the_text_dear()
    {
        var text = Prompts.Samples[0].Text;

        var bound = O200K.BoundOf(text + new string('-', 500) + text);

        bound.Should().BeInRange(500, 2 * Reckoning.O200K.Tokens(text) + 500 + 20);
    }

    [Theory]
    [InlineData("openai", "gpt-4.1-mini", true)]
    [InlineData("azure", "gpt-35-turbo", true)]
    [InlineData("openai", "gpt-4.1-mini-2025-04-14", true)]
    [InlineData("openai", "gpt-4.1-mini-2025-14-04", false)]
    [InlineData("openai", "gpt-6-sol", false)]
    [InlineData("openai", "gpt-4", false)]
    [InlineData("openrouter", "openai/gpt-4.1-mini", false)]
    [InlineData("google", "gpt-5", false)]
    public void Only_models_whose_encoding_is_told_by_exact_id_have_a_tokenizer(string provider, string model, bool isKnown) =>
        (TokenEncodings.Find(provider, model) is not null).Should().Be(isKnown);
}
