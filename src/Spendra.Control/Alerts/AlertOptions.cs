namespace Spendra.Control.Alerts;

/// <summary>How alerts are looked for and sent.</summary>
public sealed record AlertOptions
{
    /// <summary>How often conditions are looked at.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often notices that are due are looked for.</summary>
    public TimeSpan SendInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one attempt to send may take.</summary>
    public TimeSpan AttemptLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it may take until a connection of HTTP stands.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From how many days on without a look for new prices they are stale; 0 for never.</summary>
    public int CatalogStaleDays { get; init; } = 30;

    /// <summary>Channels may lead to private, loopback and link-local addresses, and to http.</summary>
    public bool AllowInside { get; init; }

    /// <summary>Spreads what failed together. A test gives one that it can foresee.</summary>
    public Random Jitter { get; init; } = Random.Shared;
}
