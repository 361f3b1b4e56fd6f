using Npgsql;

namespace Spendra.Storage.Postgres;

/// <summary>
/// A COMMIT waits for the synchronous replica after it is written here. When the wait is cancelled (by an administrator
/// or a shutdown), the server says success all the same, with a warning: the commit is seen by everybody, and the next
/// failover may lose it. Such a success is none.
/// </summary>
internal static class ReplicaWait
{
    /// <summary>A role's or a database's own setting must not hide the warning.</summary>
    public const string TellsOfIt = "SET client_min_messages = warning";

    /// <summary>By the server's function, which every message names: its text is translated, and its code says only "warning".</summary>
    public static bool WasCancelled(PostgresNotice notice) => notice.Routine == "SyncRepWaitForLSN";
}
