namespace Spendra.Gateway.Tests.Media;

/// <summary>Every route for pictures, sound and moderations, by hand, with a body that it takes.</summary>
internal static class MediaCensus
{
    internal const string Deployment = "{media}";

    internal static readonly RouteCensusTests.CensusRow[] Rows =
    [
        .. Of("/v1", "gpt-image-2", "tts-1", "whisper-1"), .. Of("/v1/providers/openai", "gpt-image-2", "tts-1", "whisper-1"),
        Row("/v1", MediaCall.Moderation()), Row("/v1/providers/openai", MediaCall.Moderation()),
        .. OfAzure("/openai/v1"), .. OfAzure("/v1/providers/azure/openai/v1"), .. OfAzure("/v1/providers/azure"),
        .. OfAzure($"/openai/deployments/{Deployment}"), .. OfAzure($"/v1/providers/azure/openai/deployments/{Deployment}"),
    ];

    // The cap is looked at after the bound: what is behind the deployment must be able to do all of it.
    private static RouteCensusTests.CensusRow[] OfAzure(string prefix) => Of(prefix, Formats.MediaDeployment, Formats.MediaDeployment, Formats.MediaDeployment);

    private static RouteCensusTests.CensusRow[] Of(string prefix, string painter, string speaker, string writer) =>
    [
        Row(prefix, MediaCall.Image(painter)), Row(prefix, MediaCall.Edit(painter)), Row(prefix, MediaCall.Speech(speaker)),
        Row(prefix, MediaCall.Recording("transcriptions", writer)), Row(prefix, MediaCall.Recording("translations", writer)),
    ];

    private static RouteCensusTests.CensusRow Row(string prefix, MediaCall call) => new("POST", $"{prefix}/{call.Path}") { Media = call };
}
