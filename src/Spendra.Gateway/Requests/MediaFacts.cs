namespace Spendra.Gateway.Requests;

/// <summary>What a call for pictures or sound asks for besides text: its bound depends on it. A record for each kind of call.</summary>
internal abstract record MediaFacts;

/// <summary>Pictures to be made; how many is <see cref="RequestFacts.Choices"/>.</summary>
internal sealed record ImageFacts : MediaFacts
{
    public const string Auto = "auto";

    /// <summary>As asked for: <c>1024x1536</c>. <see cref="Auto"/> leaves it to the model.</summary>
    public required string Size { get; init; }

    /// <summary>As asked for: <c>low</c>. <see cref="Auto"/> leaves it to the model.</summary>
    public required string Quality { get; init; }

    /// <summary>Unfinished pictures that a stream shows on the way to each whole one.</summary>
    public required int Partials { get; init; }

    /// <summary>Pictures and masks that come in.</summary>
    public int Sources { get; init; }
}

/// <summary>Images that a tool of the provider's may make.</summary>
/// <param name="Model">The model that makes them, which has a price of its own.</param>
/// <param name="Each">What one of them is.</param>
internal sealed record ImageToolFacts(string Model, ImageFacts Each);

/// <summary>Text to be spoken. Providers count characters; which unit that is differs for rare ones, so that both are known.</summary>
/// <param name="Characters">Unicode characters: what is settled.</param>
/// <param name="Utf16Units">The most that a provider could count; never fewer than the characters.</param>
internal sealed record SpeechFacts(long Characters, long Utf16Units) : MediaFacts;

/// <summary>A recording to be written down.</summary>
/// <param name="MaxSeconds">The longest that it can be, rounded up; null when its file does not show it.</param>
/// <param name="IsCut">The provider cuts it into pieces by rules of its own, and works on each.</param>
internal sealed record RecordingFacts(long? MaxSeconds, bool IsCut) : MediaFacts;
