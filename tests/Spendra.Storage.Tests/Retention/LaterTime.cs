namespace Spendra.Storage.Tests.Retention;

/// <summary>A clock that is so far ahead, and runs as any.</summary>
internal sealed class LaterTime(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + ahead;
}
