using Spendra.Core.Ledger;
using Spendra.Simulation.Clients;
using Spendra.Simulation.Provider;
using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.World;

/// <summary>
/// What may excuse a gateway: only what befell the process that worked on a call, or the database, in the time in
/// which it worked. That such a thing was possible in its world, or happened to another, excuses nothing.
/// </summary>
internal sealed class Excuses(SimWorld world)
{
    // A connection that broke is paused for so long at most before it is tried again.
    private const long RetryDelay = 1_000_000;

    /// <summary>
    /// The sweep may take the reservation for one in doubt: its gateway was killed, some process stood still (with locks
    /// that everybody waits for, at times), the database was away, or by the clock of whoever swept its time was over.
    /// </summary>
    public bool MayBeSwept(SimProcess gateway, SpentReservation spent, long sweptAt, LedgerLife life)
    {
        var isOverByClock = sweptAt >= spent.Reservation.ExpiresAt;
        if (isOverByClock && world.Plan.Has(FaultKind.ClockSkew)) return true;
        return gateway.KilledAt <= life.EndedAt || SomethingStoodStill(life.AdmittedAt, life.EndedAt)
            || world.Outages.Exists(o => Overlaps(o, life.AdmittedAt, life.EndedAt));
    }

    /// <summary>The gateway slept while the provider was to be waited for, so that its patience was over when it woke.</summary>
    public static bool Overslept(SimExchange exchange, LedgerLife life) =>
        exchange.Gateway.Pauses.Exists(p => Overlaps(p, life.AdmittedAt, life.EndedAt));

    /// <summary>Whoever read the usage could not book it: it was killed, or could not learn whose usage it was.</summary>
    public bool CouldNotBook(SimExchange exchange, ProviderRecord record)
    {
        var reader = world.Exchanges[record.ReadBy].Gateway;
        if (reader.KilledAt >= record.ReadAt) return true;
        return exchange.Call.IsBackground && LostDatabase(reader, record.ReadAt, record.ReadAt + 10_000_000);
    }

    /// <summary>The gateway could not reach its database while it worked on this, or waited for whoever stood still with locks.</summary>
    public bool LedgerWasAway(SimExchange exchange) =>
        LostDatabase(exchange.Gateway, exchange.BeganAt, exchange.EndedAt) || SomethingStoodStill(exchange.BeganAt, exchange.EndedAt);

    /// <summary>Who started the object could not write down whose it is before its client learned of it.</summary>
    public bool WasNotRecorded(SimExchange fetch)
    {
        var starter = world.Exchanges[SimProvider.AttemptOf(fetch.Call.ObjectId!)];
        return starter.Gateway.KilledAt <= fetch.EndedAt || LostDatabase(starter.Gateway, starter.BeganAt, fetch.EndedAt)
            || SomethingStoodStill(starter.BeganAt, fetch.EndedAt);
    }

    public bool WasStruck(SimExchange exchange, params ReadOnlySpan<FaultKind> kinds)
    {
        foreach (var kind in kinds)
        {
            if (world.Provider.Struck.Contains((exchange.Number, kind))) return true;
        }
        return false;
    }

    public static bool StoodStill(SimExchange exchange) => exchange.Gateway.Pauses.Exists(p => Overlaps(p, exchange.BeganAt, exchange.EndedAt));

    private bool SomethingStoodStill(long from, long until) => world.Processes.Exists(p => p.Pauses.Exists(s => Overlaps(s, from, until)));

    private static bool LostDatabase(SimProcess process, long from, long until) =>
        process.ConnectionLosses.Exists(at => at >= from - RetryDelay && at <= until);

    private static bool Overlaps((long From, long Until) time, long from, long until) => time.From <= until && time.Until >= from - RetryDelay;
}

/// <summary>A reservation's time, in the world's own.</summary>
internal readonly record struct LedgerLife(long AdmittedAt, long EndedAt);
