using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Spendra.Gateway.Tokens;

/// <summary>
/// Bounds the tokens of a text by a model's tokenizer. Almost everywhere the count is exact. Two things are counted by
/// their bytes instead, which can only be more: runs of one kind of character that are so long that the tokenizer's time
/// would grow with their square, and what reads like a special token, which the tokenizer here would count as one and a
/// provider takes apart.
/// </summary>
internal sealed class TextTokens(Tokenizer tokenizer)
{
    // The longest word or run of signs that is tokenized, in UTF-16 units. Words of any language are far below it.
    private const int MaxRun = 128;

    // What is counted apart from its surroundings may have been one piece with a neighbour on each side.
    private const int TokensPerCut = 6;

    private const string SpecialMark = "<|";

    /// <summary>At least the tokens that a text has, and at most its UTF-8 bytes and a few for every cut.</summary>
    public long BoundOf(ReadOnlySpan<char> text)
    {
        long total = 0;
        var from = 0;
        var start = 0;
        while (start < text.Length)
        {
            var end = EndOfRun(text, start);
            var run = text[start..end];
            if (run.Length > MaxRun || run.Contains(SpecialMark, StringComparison.Ordinal))
            {
                total += CountOf(text[from..start]) + Encoding.UTF8.GetByteCount(run) + TokensPerCut;
                from = end;
            }
            start = end;
        }
        return total + CountOf(text[from..]);
    }

    private int CountOf(ReadOnlySpan<char> text) => text.IsEmpty ? 0 : tokenizer.CountTokens(text);

    private static int EndOfRun(ReadOnlySpan<char> text, int start)
    {
        var kind = KindOf(text[start]);
        var end = start + 1;
        while (end < text.Length)
        {
            var next = KindOf(text[end]);
            if (next != kind && next != RunKind.Any && kind != RunKind.Any) break;
            if (kind == RunKind.Any) kind = next;
            end++;
        }
        return end;
    }

    /// <summary>Coarser than the tokenizers' own patterns, so that none of their pieces is longer than a run and a character.</summary>
    private static RunKind KindOf(char c)
    {
        if (c < 128)
        {
            return char.IsAsciiLetter(c) ? RunKind.Letter : char.IsAsciiDigit(c) ? RunKind.Digit : char.IsWhiteSpace(c) ? RunKind.Space : RunKind.Sign;
        }
        return char.GetUnicodeCategory(c) switch
        {
            // These belong to whatever stands around them.
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Surrogate => RunKind.Any,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => RunKind.Digit,
            _ => char.IsLetter(c) ? RunKind.Letter : char.IsWhiteSpace(c) ? RunKind.Space : RunKind.Sign,
        };
    }

    private enum RunKind
    {
        Any,
        Letter,
        Digit,
        Space,
        Sign,
    }
}
