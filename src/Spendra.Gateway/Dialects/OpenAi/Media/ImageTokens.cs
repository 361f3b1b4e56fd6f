using System.Collections.Frozen;
using System.Globalization;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>
/// How many output tokens one image has at most, by exact model, size and quality, as OpenAI's image guide and its cost
/// calculator say. A model or size that is not known here is bounded by the <c>maxOutput</c> of its price, if it has one.
/// </summary>
internal static class ImageTokens
{
    /// <summary>More output tokens for each unfinished image of a stream (image guide).</summary>
    public const long OfPartial = 100;

    /// <summary>
    /// The most input tokens of one image that comes in. The guide's largest is 6,437 (a base of 65, a tile of 129, and 6,240
    /// for high fidelity); newer models tell no rule, so that this is more than twice as much.
    /// </summary>
    public const long OfSource = 16_384;

    /// <summary>The most tokens of a prompt: 32,000 characters (API reference of images) of at most four bytes, a token for each.</summary>
    public const long OfPrompt = 4 * 32_000;

    /// <summary>The most images that one call takes in (API reference of image edits), and a mask.</summary>
    public const int MaxSources = 16 + 1;

    private const string Low = "low";
    private const string Medium = "medium";
    private const string High = "high";

    // Low, medium, high.
    private static readonly FrozenDictionary<string, long[]> Fixed = new Dictionary<string, long[]>
    {
        ["1024x1024"] = [272, 1_056, 4_160],
        ["1024x1536"] = [408, 1_584, 6_240],
        ["1536x1024"] = [400, 1_568, 6_208],
        [ImageFacts.Auto] = [408, 1_584, 6_240],
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> FixedModels = FrozenSet.Create("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5");

    private static readonly FrozenSet<string> ScaledModels = FrozenSet.Create("gpt-image-2");

    /// <summary>Null when it is not known.</summary>
    public static long? MostOf(string model, string size, string quality)
    {
        model = ServedPrice.UndatedOf(model);
        if (IndexOf(quality) is not { } index) return null;
        long? listed = Fixed.TryGetValue(size, out var tokens) ? tokens[index] : null;
        if (FixedModels.Contains(model)) return listed;
        // The guide's table has no column for the newer models: whichever is more.
        return ScaledModels.Contains(model) && SidesOf(size) is var (width, height) ? Math.Max(Scaled(index, width, height), listed ?? 0) : null;
    }

    private static int? IndexOf(string quality) => quality switch
    {
        Low => 0,
        Medium => 1,
        // What is left to the model may turn out high.
        High or ImageFacts.Auto => 2,
        _ => null,
    };

    /// <summary>The calculator's rule: tokens along the longer side by the quality, along the shorter in proportion, both for an area of 2 megapixels on.</summary>
    private static long Scaled(int quality, long width, long height)
    {
        long along = quality switch { 0 => 16, 1 => 48, _ => 96 };
        var (longer, shorter) = (Math.Max(width, height), Math.Min(width, height));
        var across = (2 * along * shorter + longer) / (2 * longer);
        const long offset = 2_000_000;
        const long divisor = 4_000_000;
        return (along * across * (offset + width * height) + divisor - 1) / divisor;
    }

    /// <summary>Both sides of <c>1024x1536</c>; null for anything else, a size left open included.</summary>
    private static (long Width, long Height)? SidesOf(string size)
    {
        const int longest = 3_840;
        const long largest = 8_294_400;
        var x = size.IndexOf('x', StringComparison.Ordinal);
        if (x <= 0 || !IsSide(size.AsSpan(0, x), out var width) || !IsSide(size.AsSpan(x + 1), out var height)) return null;
        return width <= longest && height <= longest && width * height <= largest ? (width, height) : null;
    }

    private static bool IsSide(ReadOnlySpan<char> text, out long side) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side) && side > 0;
}
