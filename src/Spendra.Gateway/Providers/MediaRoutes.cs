using System.Collections.Immutable;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>The calls for pictures and sound of whoever speaks OpenAI's formats.</summary>
internal static class MediaRoutes
{
    /// <param name="route">What all routes of the provider have in common.</param>
    /// <param name="path">What stands before each pattern.</param>
    /// <param name="upstream">What stands before the pattern below the account's base URL, when it is more than that.</param>
    public static ImmutableArray<GovernedRoute> Of(GovernedRoute route, string path = "", string upstream = "")
    {
        var priced = route with { Method = "POST", Intake = BodyIntake.Governed, IsPriced = true, HasOutput = true };
        return
        [
            At("/images/generations") with { Name = "images.generations", Dialect = MediaDialect.ImageGeneration, MaxChoices = MediaFields.MaxImages },
            At("/images/edits") with { Name = "images.edits", Dialect = MediaDialect.ImageEdit, MaxChoices = MediaFields.MaxImages },
            At("/audio/speech") with { Name = "audio.speech", Dialect = MediaDialect.Speech },
            At("/audio/transcriptions") with { Name = "audio.transcriptions", Dialect = MediaDialect.Transcription },
            At("/audio/translations") with { Name = "audio.translations", Dialect = MediaDialect.Translation },
        ];

        GovernedRoute At(string pattern) => priced with { Pattern = path + pattern, UpstreamPattern = upstream + path + pattern };
    }
}
