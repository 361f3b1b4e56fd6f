using Microsoft.OpenApi;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects.OpenAi.Media;
using static Spendra.Gateway.OpenApi.BodyMember;

namespace Spendra.Gateway.OpenApi;

/// <summary>What is sent to OpenAI's formats beside conversations: pictures, sound, verdicts, files and batches.</summary>
internal static class DocumentMediaBodies
{
    public const string Batch = "BatchRequest";
    public const string Upload = "FileForm";

    private const string Image = "ImageRequest";
    private const string Edit = "ImageEditForm";
    private const string Speech = "SpeechRequest";
    private const string Recording = "RecordingForm";
    private const string Moderation = "ModerationRequest";

    private static readonly BodyMember[] OfImages =
    [
        Model, Text("prompt", "Counted in the bound."),
        Number("n", $"Images, 1 to {MediaFields.MaxImages}; all of them are bounded and billed."),
        Text("size", "What is left to the model counts as the dearest."), Text("quality", "What is left to the model counts as the dearest."),
        Number("partial_images", "Each of them is in the bound."), Flag("stream", "Answer as events; of one image only."),
    ];

    public static void AddTo(OpenApiDocument document)
    {
        DocumentBodies.Add(document, Image, "OpenAI's images.", ["prompt"], OfImages);
        DocumentBodies.Add(document, Edit, "OpenAI's changes to images. A governed field may come once, and neither as a file nor as a list.", ["image", "prompt"],
            [.. OfImages, Files("image", "One or several; each is in the bound."), File("mask", "Counted as an image.")]);
        DocumentBodies.Add(document, Speech, "OpenAI's speech.", ["input"], Model, Text("input", "The text to speak; priced by the character it is what is settled."),
            Text("stream_format", "`sse` tells the usage of a model that is priced by the token; without it the bound is booked."));
        DocumentBodies.Add(document, Recording, "OpenAI's transcriptions and translations. A governed field may come once, and neither as a file nor as a list.", ["file"],
            Model, File("file", "The recording; its length is worked out here where the price is by the second."),
            Text("response_format", "`text`, `srt` and `vtt` carry no usage, so that the bound is booked."),
            Any("chunking_strategy", "Refused for a model that is priced by the token."), Any("known_speaker_references", "Refused."));
        DocumentBodies.Add(document, Moderation, "OpenAI's moderation, free of charge.", [],
            Text("model", $"A model in the key's scope; `{MediaFields.DefaultModeration}` where none is named."), Any("input", "What to judge."));
        DocumentBodies.Add(document, Upload, "A file, streamed to the provider and not read here.", ["file", "purpose"],
            File("file", "The file."), Text("purpose", "What it is for; `batch` for the input of a batch."));
        DocumentBodies.Add(document, Batch, "OpenAI's batch. Its input file is read line by line before it is made.", BatchRequestReader.Names,
            Text("input_file_id", "A file of your organization's, whose lines all name one model."),
            OneOf("endpoint", "What every line calls.", BatchEndpoint.Urls), OneOf("completion_window", "The only one that is sold.", [BatchRequestReader.Window]));
    }

    public static string Of(MediaKind kind) => kind switch
    {
        MediaKind.ImageGeneration => Image,
        MediaKind.ImageEdit => Edit,
        MediaKind.Speech => Speech,
        MediaKind.Transcription or MediaKind.Translation => Recording,
        MediaKind.Moderation => Moderation,
    };
}
