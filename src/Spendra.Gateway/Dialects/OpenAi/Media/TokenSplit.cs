using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>How a total of tokens divides into two kinds: text, and pictures or sound.</summary>
internal readonly record struct TokenSplit(long Text, long Other)
{
    /// <summary>Null when neither kind is told, or the parts contradict the total.</summary>
    public static TokenSplit? Of(long total, long? text, long? other)
    {
        if (text is null && other is null) return null;
        var first = text ?? total - other!.Value;
        var second = other ?? total - first;
        return first >= 0 && second >= 0 && first <= total && second == total - first ? new TokenSplit(first, second) : null;
    }

    /// <summary>The usage of a model that makes images; null when something of it is not known or makes no sense.</summary>
    /// <param name="read">The input.</param>
    /// <param name="cached">Tokens of the input that were read from a cache, of either kind.</param>
    /// <param name="written">The output.</param>
    public static Usage? OfImages(TokenSplit? read, long cached, TokenSplit? written)
    {
        if ((read, written) is not ({ } input, { } output) || cached < 0 || cached > input.Text + input.Other) return null;
        // Which kind was cached is not told: text first, whose discount is the smaller one.
        var (cachedText, cachedSeen) = (Math.Min(cached, input.Text), Math.Max(0, cached - input.Text));
        return new Usage { Input = input.Text - cachedText, CachedInput = cachedText, Output = output.Text }
            .Plus(UnitClass.ImageInput, input.Other - cachedSeen).Plus(UnitClass.CachedImageInput, cachedSeen).Plus(UnitClass.ImageOutput, output.Other);
    }
}
