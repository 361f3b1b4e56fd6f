namespace Spendra.Simulation.Store;

/// <summary>How the database and the way to it misbehave. Per mille of calls; nothing while all are zero.</summary>
internal sealed record StoreFaults
{
    /// <summary>The request does not reach the server; the caller is told that the connection broke.</summary>
    public int RequestLost { get; init; }

    /// <summary>The server does what it was asked; the answer does not come back. On a commit: an ambiguous commit.</summary>
    public int AnswerLost { get; init; }

    /// <summary>The server chooses another transaction over this one and rolls it back.</summary>
    public int Conflict { get; init; }

    /// <summary>Microseconds that a message takes at most while the database is not slow.</summary>
    public const long UsualLatency = 2_000;

    /// <summary>Microseconds that a message takes at most.</summary>
    public long MaxLatency { get; init; } = UsualLatency;
}

/// <summary>The connection broke, or no connection could be made.</summary>
internal sealed class SimConnectionException(string message) : Exception(message);

/// <summary>The transaction was rolled back in favour of another one.</summary>
internal sealed class SimConflictException() : Exception("the transaction was rolled back");
