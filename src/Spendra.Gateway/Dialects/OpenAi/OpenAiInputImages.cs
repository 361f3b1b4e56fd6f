using System.Collections.Frozen;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// How many tokens an image has at most. OpenAI scales it to a size that depends on the model and on <c>detail</c>, and counts
/// tiles or patches of what is left (developers.openai.com, "Images and vision": "Model sizing behavior", "Calculating
/// costs"). The bytes say nothing: a large area of one colour packs into a few of them.
/// </summary>
internal static class OpenAiInputImages
{
    // 2,048 by 768 pixels, the most that is left, are four by two tiles of 512.
    private const long MostTiles = 8;

    // The multiplier counts where the guide gives none: it is the largest that it has.
    private const long LargestMultiplier = 246;

    // 512 by 512 pixels, in patches of 32.
    private const long PatchesOfLow = 256;

    private static readonly FrozenDictionary<string, Ceilings> Known = new Dictionary<string, Ceilings>
    {
        ["gpt-4o"] = Tiles(85, 170),
        ["gpt-4.1"] = Tiles(85, 170),
        ["gpt-4o-mini"] = Tiles(2_833, 5_667),
        ["gpt-5"] = Tiles(70, 140),
        ["o1"] = Tiles(75, 150),
        ["o1-pro"] = Tiles(75, 150),
        ["o3"] = Tiles(75, 150),
        ["gpt-5-mini"] = Small(162),
        ["gpt-5-nano"] = Small(246),
        ["gpt-4.1-mini"] = Small(162),
        ["gpt-4.1-nano"] = Small(246),
        ["gpt-5.4-mini"] = Small(162),
        ["gpt-5.4-nano"] = Small(246),
        ["o4-mini"] = Small(172),
        ["gpt-5.2"] = Small(LargestMultiplier),
        ["gpt-5.3-codex"] = Small(LargestMultiplier),
        ["gpt-5.4"] = Scaled(LargestMultiplier),
        ["gpt-5.5"] = Scaled(LargestMultiplier),
        ["gpt-5.6-sol"] = Unscaled,
        ["gpt-5.6-terra"] = Unscaled,
        ["gpt-5.6-luna"] = Unscaled,
        ["gpt-6-astra"] = Unscaled,
        ["gpt-6-sol"] = Unscaled,
        ["gpt-6-luna"] = Unscaled,
        ["gpt-6.1-sol"] = Unscaled,
        ["gpt-6.1-terra"] = Unscaled,
        ["gpt-6.2-astra"] = Unscaled,
        ["gpt-6.2-sol"] = Unscaled,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>
    /// At most the tokens of all images of a request together, and the bytes of the body that are theirs; null when the model
    /// has no ceiling that is known. Only where OpenAI's models are served as they are.
    /// </summary>
    public static (long Tokens, long Bytes)? BoundOf(PriceVersion price, List<InputImage> images)
    {
        if (images.Count == 0) return (0, 0);
        if (price.Provider is not (KnownProvider.OpenAi or KnownProvider.Azure)) return null;
        if (!Known.TryGetValue(ServedPrice.UndatedOf(price.Model), out var ceilings)) return null;
        long tokens = 0, bytes = 0;
        foreach (var (detail, data) in images)
        {
            bytes += data.Length;
            tokens += detail switch
            {
                ImageDetail.Low => ceilings.Low,
                ImageDetail.High => ceilings.High,
                ImageDetail.Any => ceilings.Any,
            };
        }
        return (tokens, bytes);
    }

    private static Ceilings Tiles(long ofImage, long ofTile) => new(ofImage, ofImage + MostTiles * ofTile, ofImage + MostTiles * ofTile);

    /// <summary>Scaled to 1,536 patches. Whether 'low' makes fewer of these models is in doubt (openai-python, issue 2851).</summary>
    private static Ceilings Small(long multiplier)
    {
        var most = Patches(1_536, multiplier);
        return new Ceilings(most, most, most);
    }

    /// <summary>Scaled to 2,500 patches, or to 10,000 in their original size.</summary>
    private static Ceilings Scaled(long multiplier) => new(Patches(PatchesOfLow, multiplier), Patches(2_500, multiplier), Patches(10_000, multiplier));

    /// <summary>
    /// Not scaled unless 'low' or 'high' is asked, and refused above 30,000 patches. Twice that is held: one host has been
    /// measured to take 53,016, and to refuse 67,081 (docs.apiyi.com, "vision image too large").
    /// </summary>
    private static Ceilings Unscaled => new(Patches(PatchesOfLow, 120), Patches(2_500, 120), Patches(60_000, 120));

    private static long Patches(long patches, long multiplierPercent) => (patches * multiplierPercent + 99) / 100;

    private readonly record struct Ceilings(long Low, long High, long Any);
}
