using System.Text;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Images;

/// <summary>What a call for images asks for.</summary>
internal sealed record ImageRequest
{
    private const int MaxCount = 10;
    private const int MaxPartials = 3;

    /// <summary>The older models: charged by the image, no usage, no stream.</summary>
    public required bool IsDallE { get; init; }
    public required int Count { get; init; }
    public required int Partials { get; init; }
    public required string Size { get; init; }
    public required string Quality { get; init; }
    public required string Background { get; init; }
    public required string Format { get; init; }
    public required bool WantsUrl { get; init; }
    public required long PromptBytes { get; init; }

    /// <summary>Images that were sent to be edited.</summary>
    public required int Sources { get; init; }
    public required bool IsHighFidelity { get; init; }

    public static Refusal? Read(Exchange exchange, ModelCall call, out ImageRequest request)
    {
        var fields = call.Fields!;
        var isDallE = call.ReportedModel.StartsWith("dall-e", StringComparison.Ordinal);
        request = new ImageRequest
        {
            IsDallE = isDallE,
            Count = fields.Integer("n", 1, MaxCount, byDefault: 1),
            Partials = fields.Integer("partial_images", 0, MaxPartials, byDefault: 0),
            Size = isDallE
                ? fields.OneOf("size", "1024x1024", "256x256", "512x512", "1792x1024", "1024x1792")
                : fields.OneOf("size", "auto", "1024x1024", "1024x1536", "1536x1024"),
            Quality = isDallE ? fields.OneOf("quality", "standard", "hd") : fields.OneOf("quality", "auto", "low", "medium", "high"),
            Background = fields.OneOf("background", "auto", "transparent", "opaque"),
            Format = fields.OneOf("output_format", "png", "webp", "jpeg"),
            WantsUrl = isDallE && fields.OneOf("response_format", "url", "b64_json") is "url",
            PromptBytes = Encoding.UTF8.GetByteCount(fields.Required("prompt")),
            Sources = fields.Files.Count(file => file.Field is "image" or "image[]"),
            IsHighFidelity = fields.OneOf("input_fidelity", "low", "high") is "high",
        };
        return fields.Fault ?? request.Refuse(exchange, call);
    }

    public Usage UsageOf(ModelCall call)
    {
        var knobs = call.Knobs;
        var images = knobs.ImageTokens ?? (long)Sources
            * (SandboxMediaUsage.InputImageTokens + (IsHighFidelity ? SandboxMediaUsage.HighFidelityTokens : 0));
        return new Usage(
            knobs.InputTokens ?? SandboxUsage.TextTokens(PromptBytes) + images,
            knobs.OutputTokens ?? (long)Count * SandboxMediaUsage.ImageTokens(Size, Quality) + Partials * SandboxMediaUsage.PartialImageTokens,
            0, 0, 0, knobs.UsageAsStrings)
        {
            GivenTotal = knobs.TotalTokens,
            ImageInput = images,
        };
    }

    private Refusal? Refuse(Exchange exchange, ModelCall call)
    {
        if (exchange.Match.Route is SandboxRoute.EditImage && Sources == 0)
            return Refusal.Missing("image");
        if (call.Stream && IsDallE)
            return Refusal.Invalid("Streaming is not supported with this model.", "stream");
        // What a stream of several images looks like is not documented, so the sandbox has none.
        return call.Stream && Count > 1 ? Refusal.Invalid("A stream has one image.", "n") : null;
    }
}
