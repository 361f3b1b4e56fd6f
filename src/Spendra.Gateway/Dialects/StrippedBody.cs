namespace Spendra.Gateway.Dialects;

/// <summary>A body without some of the tools that it offered to the provider.</summary>
/// <param name="Bytes">What is left.</param>
/// <param name="Demanded">A tool that is gone and that the body demands to be called, or null. Empty: any tool, and none is left.</param>
internal readonly record struct StrippedBody(ReadOnlyMemory<byte> Bytes, string? Demanded = null)
{
    public const string AnyTool = "";
}
