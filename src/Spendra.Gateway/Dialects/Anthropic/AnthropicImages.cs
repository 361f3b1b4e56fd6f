using System.Collections.Frozen;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>
/// How many tokens an image has at most. The provider scales images down, so that width × height ÷ 750 has a ceiling
/// by model. The bytes say nothing: a large area of one colour packs into a few of them.
/// </summary>
internal static class AnthropicImages
{
    /// <summary>Claude 4.7 and later: up to 2,576 pixels along the longer edge.</summary>
    private const long Ceiling = 4_784;

    /// <summary>Claude 4.6 and before: up to 1,568 pixels.</summary>
    private const long EarlierCeiling = 1_600;

    // By exact id, never by family: a model that is not listed has the higher ceiling.
    private static readonly FrozenSet<string> Earlier = FrozenSet.ToFrozenSet(
        [
            "claude-opus-4-6", "claude-sonnet-4-6",
            "claude-opus-4-5", "claude-opus-4-5-20251101", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929",
            "claude-haiku-4-5", "claude-haiku-4-5-20251001",
            "claude-opus-4-1", "claude-opus-4-1-20250805", "claude-3-5-haiku", "claude-3-5-haiku-20241022",
        ],
        StringComparer.Ordinal);

    public static long CeilingOf(string model) => Earlier.Contains(model) ? EarlierCeiling : Ceiling;
}
