namespace Spendra.Storage;

/// <summary>
/// Where new ids come from: UUIDs of version 7, so that rows are appended near each other. A source of its own,
/// like <see cref="TimeProvider"/>, because a history that is to be replayed must get the same ids again.
/// </summary>
public abstract class IdSource
{
    /// <summary>Random ids of the operating system's entropy.</summary>
    public static IdSource System { get; } = new SystemIdSource();

    /// <summary>A new id that sorts by its instant.</summary>
    public abstract Guid Next(DateTimeOffset at);

    private sealed class SystemIdSource : IdSource
    {
        public override Guid Next(DateTimeOffset at) => Guid.CreateVersion7(at);
    }
}
