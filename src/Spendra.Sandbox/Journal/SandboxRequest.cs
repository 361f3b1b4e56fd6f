namespace Spendra.Sandbox;

/// <summary>One request as it arrived.</summary>
/// <param name="Route">What it was taken for.</param>
/// <param name="Method">The HTTP method in upper case.</param>
/// <param name="PathAndQuery">As sent, for example <c>/v1/files?limit=2</c>.</param>
/// <param name="Headers">Names in any case; several values are joined by a comma.</param>
/// <param name="Body">The bytes that were read, at most <see cref="SandboxOptions.MaxRecordedBodyBytes"/>.</param>
/// <param name="IsBodyComplete">False when the body was not read to its end or was too long to keep.</param>
/// <param name="ReadAt">When the body had been read, by the sandbox's clock.</param>
public sealed record SandboxRequest(
    SandboxRoute Route,
    string Method,
    string PathAndQuery,
    IReadOnlyDictionary<string, string> Headers,
    ReadOnlyMemory<byte> Body,
    bool IsBodyComplete,
    DateTimeOffset ReadAt)
{
    /// <summary>Whose API the path belongs to.</summary>
    public SandboxProvider Provider { get; init; }
}
