namespace Spendra.Sandbox.Wire;

/// <summary>The image that every picture of the sandbox is: one transparent pixel as PNG.</summary>
internal static class Pixel
{
    public const string Base64 =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
}
