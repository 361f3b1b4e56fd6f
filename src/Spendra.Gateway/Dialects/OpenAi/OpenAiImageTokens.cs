using Spendra.Core.Metering;
using Spendra.Gateway.Dialects.OpenAi.Media;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// What a response tells of the model that made images for a tool (<c>tool_usage.image_gen</c>): it has rates of its own,
/// and its tokens are not in the response's usage. A number that is none is kept as a negative one, and not believed.
/// </summary>
internal sealed class OpenAiImageTokens
{
    private bool _hasBegun;
    private bool _isTwice;

    public long? Input { get; set; }

    public long? Output { get; set; }

    public long? InputText { get; set; }

    public long? InputImage { get; set; }

    public long? Cached { get; set; }

    public long? OutputText { get; set; }

    public long? OutputImage { get; set; }

    /// <summary>Nothing was told, or that nothing was used: a response says so of every tool.</summary>
    public bool IsNothing => !_isTwice && Input is null or 0 && Output is null or 0;

    /// <summary>Two of them contradict each other.</summary>
    public void Begin()
    {
        _isTwice |= _hasBegun;
        _hasBegun = true;
    }

    /// <summary>The usage in classes that do not overlap, or null when there is none that can be believed.</summary>
    /// <param name="hasSources">Whether images may have come in.</param>
    public Usage? ToUsage(bool hasSources)
    {
        if (_isTwice || (Input, Output) is not ({ } input, { } output) || input == 0) return null;
        var read = InputText is null && InputImage is null && !hasSources ? new TokenSplit(input, 0) : TokenSplit.Of(input, InputText, InputImage);
        var written = OutputText is null && OutputImage is null ? new TokenSplit(0, output) : TokenSplit.Of(output, OutputText, OutputImage);
        return TokenSplit.OfImages(read, Cached ?? 0, written) is { IsPlausible: true } usage ? usage : null;
    }
}
