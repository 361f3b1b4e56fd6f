namespace Spendra.Proof.Network;

/// <summary>A connection that can be cut, seen from the gateway.</summary>
internal enum Link
{
    /// <summary>From the client to the gateway.</summary>
    Client,
    /// <summary>From the gateway to the provider.</summary>
    Provider,
    /// <summary>From the gateway to PostgreSQL, with the connections of the calls before.</summary>
    Database,
    /// <summary>The same with connections that are made for the call: with log-in, settings and statements to prepare.</summary>
    FreshDatabase,
}

/// <summary>Which way the bytes go that are cut.</summary>
internal enum Direction
{
    /// <summary>From whoever connected.</summary>
    Request,
    /// <summary>To whoever connected.</summary>
    Answer,
}

/// <summary>What happens after the last byte that passes.</summary>
internal enum Fault
{
    /// <summary>Both sides see the end of the connection.</summary>
    Close,
    /// <summary>Both sides see a reset; what is still under way may be lost.</summary>
    Reset,
    /// <summary>The receiver sees the end of this direction; the other one goes on.</summary>
    HalfClose,
    /// <summary>Nothing more comes, and nobody says so.</summary>
    Stall,
    /// <summary>The same for every connection, new ones too, until the proxy is told to wake up.</summary>
    Silence,
}

/// <param name="Direction">Of the bytes that are counted.</param>
/// <param name="Offset">How many bytes of the exchange pass.</param>
/// <param name="Fault">What happens then.</param>
internal sealed record Cut(Direction Direction, long Offset, Fault Fault);
