namespace Spendra.Sandbox.Files;

/// <summary>An uploaded file. Its content may be gone although the file is still known.</summary>
internal sealed class StoredFile
{
    private volatile byte[]? _content;

    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Purpose { get; init; }
    public required long Bytes { get; init; }
    public required long CreatedAtSeconds { get; init; }
    public long? ExpiresAtSeconds { get; init; }

    /// <summary><see langword="null"/> when the file was too large to keep, or had to make room.</summary>
    public byte[]? Content
    {
        get => _content;
        init => _content = value;
    }

    /// <returns>How many bytes that freed.</returns>
    public long DropContent()
    {
        var freed = _content?.Length ?? 0;
        _content = null;
        return freed;
    }
}
