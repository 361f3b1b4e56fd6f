namespace Spendra.Gateway.Requests;

/// <summary>How closely a provider is asked to look at an image.</summary>
internal enum ImageDetail
{
    /// <summary>Left to the model, in another word, or in doubt: as closely as the model can.</summary>
    Any,
    Low,
    High,
}

/// <summary>An image in a request in OpenAI's formats that has a ceiling of tokens by the model that reads it.</summary>
/// <param name="Detail">How closely it is looked at.</param>
/// <param name="Data">Where its data stands in the body; empty when that is behind an address.</param>
internal readonly record struct InputImage(ImageDetail Detail, ByteSpan Data);
