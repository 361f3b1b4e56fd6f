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
    /// The sweep may take the reservation for one in doubt: its gateway was killed, it stood still or waited for locks of
    /// somebody who did, the database was away, or by the clock of whoever swept its time was over.
    /// </summary>
    public bool MayBeSwept(SimExchange exchange, SpentReservation spent, long sweptAt, LedgerLife life) =>
        (sweptAt >= spent.Reservation.ExpiresAt && DidClocksDisagree(exchange, spent.Reservation, life))
        || exchange.Gateway.KilledAt <= life.EndedAt
        || WasHeldUp(exchange, life.AdmittedAt, life.EndedAt)
        || world.Outages.Exists(o => Overlaps(o, life.AdmittedAt, life.EndedAt));

    /// <summary>The clock of the worker that swept was so far ahead of the gateway's that the reservation's time was over for it.</summary>
    private bool DidClocksDisagree(SimExchange exchange, Reservation reservation, LedgerLife life)
    {
        if (!world.Store.Sweepers.TryGetValue(exchange.RequestId, out var sweeper)) return false;
        var slow = exchange.Gateway.Clock.SkewsDuring(exchange.BeganAt, life.AdmittedAt).Min();
        var fast = sweeper.Clock.SkewsDuring(life.AdmittedAt, life.EndedAt).Max();
        return fast > slow && life.EndedAt + fast >= exchange.BeganAt + slow + (reservation.ExpiresAt - reservation.ReservedAt);
    }

    /// <summary>
    /// The client does not get the whole answer: it hung up, its gateway was killed or had not let the request in when it
    /// stopped, the provider broke off, or the gateway slept so long that its patience was over.
    /// </summary>
    public bool MayBreakOff(SimExchange exchange) => exchange.Broken switch
    {
        BrokenBy.Client => true,
        BrokenBy.GatewayGone => exchange.Gateway.KilledAt <= exchange.EndedAt
            || (exchange.RequestId == default && world.Retired.Exists(g => g.Process == exchange.Gateway)),
        BrokenBy.Gateway => WasStruck(exchange, FaultKind.ResponseBreaksOff) || StoodStill(exchange),
        _ => false,
    };

    /// <summary>The gateway slept while the provider was to be waited for, so that its patience was over when it woke.</summary>
    public static bool Overslept(SimExchange exchange, LedgerLife life) =>
        exchange.Gateway.HasStoodStill(life.AdmittedAt, life.EndedAt);

    /// <summary>Whoever read the usage could not book it: it was killed, or could not learn whose usage it was.</summary>
    public bool CouldNotBook(SimExchange exchange, ProviderRecord record)
    {
        var reader = world.Exchanges[record.ReadBy].Gateway;
        if (reader.KilledAt >= record.ReadAt) return true;
        return exchange.Call.IsBackground && LostDatabase(reader, record.ReadAt, record.ReadAt + 10_000_000);
    }

    /// <summary>The gateway could not reach its database while it worked on this, stood still, or waited for whoever stood still with its locks.</summary>
    public bool LedgerWasAway(SimExchange exchange) =>
        LostDatabase(exchange.Gateway, exchange.BeganAt, exchange.EndedAt) || WasHeldUp(exchange, exchange.BeganAt, exchange.EndedAt);

    /// <summary>Who started the object could not write down whose it is before its client learned of it.</summary>
    public bool WasNotRecorded(SimExchange fetch)
    {
        var starter = world.Exchanges[SimProvider.AttemptOf(fetch.Call.ObjectId!)];
        return starter.Gateway.KilledAt <= fetch.EndedAt || LostDatabase(starter.Gateway, starter.BeganAt, fetch.EndedAt)
            || WasHeldUp(starter, starter.BeganAt, fetch.EndedAt);
    }

    public bool WasStruck(SimExchange exchange, params ReadOnlySpan<FaultKind> kinds)
    {
        foreach (var kind in kinds)
        {
            if (world.Provider.Struck.Contains((exchange.Number, kind))) return true;
        }
        return false;
    }

    public static bool StoodStill(SimExchange exchange) => exchange.Gateway.HasStoodStill(exchange.BeganAt, exchange.EndedAt);

    /// <summary>Its gateway stood still, or another did that held the lock of its organization or one that its gateway waited for.</summary>
    private bool WasHeldUp(SimExchange exchange, long from, long until) => exchange.Gateway.HasStoodStill(from, until)
        || world.Store.WasHeldUp(exchange.Gateway, exchange.Call.Key.OrganizationId, from, until);

    private static bool LostDatabase(SimProcess process, long from, long until) =>
        process.ConnectionLosses.Exists(at => at >= from - RetryDelay && at <= until);

    private static bool Overlaps((long From, long Until) time, long from, long until) => time.From <= until && time.Until >= from - RetryDelay;
}

/// <summary>A reservation's time, in the world's own.</summary>
internal readonly record struct LedgerLife(long AdmittedAt, long EndedAt);
