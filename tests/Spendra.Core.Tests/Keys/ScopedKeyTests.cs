using Spendra.Core.Keys;

namespace Spendra.Core.Tests.Keys;

public sealed class ScopedKeyTests
{
    private static readonly ScopedKey Key = new()
    {
        KeyId = Guid.Empty, Slug = "key", Mode = KeyMode.Live, ActorId = Guid.Empty,
    };

    [Fact]
    public void Key_expires_at_its_instant_and_not_before()
    {
        var key = Key with { ExpiresAt = 100 };
        key.IsExpired(99).Should().BeFalse();
        key.IsExpired(100).Should().BeTrue();
        key.IsExpired(101).Should().BeTrue();
    }

    [Fact]
    public void Key_without_expiry_never_expires() => Key.IsExpired(long.MaxValue).Should().BeFalse();
}
