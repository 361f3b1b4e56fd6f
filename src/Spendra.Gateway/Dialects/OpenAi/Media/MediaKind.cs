namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>Which of OpenAI's calls for pictures, sound and verdicts it is.</summary>
internal enum MediaKind
{
    ImageGeneration,
    ImageEdit,
    Speech,
    Transcription,
    Translation,
    Moderation,
}

internal static class MediaKinds
{
    /// <summary>The body is a form with files in it; others are JSON.</summary>
    public static bool IsForm(this MediaKind kind) => kind is MediaKind.ImageEdit or MediaKind.Transcription or MediaKind.Translation;

    public static bool IsImage(this MediaKind kind) => kind is MediaKind.ImageGeneration or MediaKind.ImageEdit;

    public static bool IsRecording(this MediaKind kind) => kind is MediaKind.Transcription or MediaKind.Translation;
}
