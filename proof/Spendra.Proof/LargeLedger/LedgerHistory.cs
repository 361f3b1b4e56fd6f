using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.LargeLedger;

/// <summary>
/// A year of traffic, decided by <see cref="LedgerMachine"/> itself. Requests end out of the order in which they
/// began, some hundreds apart; a few are released, expire, settle late, cost more than their bound or are corrected,
/// a tenth of the corrections long after. Always the same for the same size.
/// </summary>
internal sealed class LedgerHistory
{
    private const int ReservationsPerBatch = 64;
    private const int MostBatchesInFlight = 5;
    private const long YearMicros = 365L * 86_400_000_000;
    private const long Start = 1_750_000_000_000_000;

    private readonly LargeCompany _company;
    private readonly long _entriesWanted;
    private readonly long _spacing;
    private readonly Random _random = new(20_260_101);
    private readonly LedgerState _state = new();
    private readonly PriorityQueue<PlannedEnding, long> _endings = new();
    private readonly Dictionary<RowKey, SpentReservation> _correctable = [];
    private readonly Dictionary<Guid, IdempotencyRow> _idempotency = [];
    private readonly LedgerSeals _seals = new();
    private long _batch;

    public LedgerHistory(LargeCompany company, long entries)
    {
        _company = company;
        _entriesWanted = entries;
        _spacing = Math.Max(2_000, YearMicros / Math.Max(entries, 1));
        _state.Organizations.Add(company.OrganizationId, new OrganizationRow(company.OrganizationId, 1, 0, 0));
    }

    /// <summary>What stands at the end and is not history: windows, what is still open, counters.</summary>
    public LedgerWrites State(long atMicros)
    {
        var writes = new LedgerWrites(atMicros);
        writes.Organizations.AddRange(_state.Organizations.Values);
        writes.Windows.AddRange(_state.Windows.Values);
        writes.Opened.AddRange(_state.Open.Values);
        writes.IdempotencyUsed.AddRange(_idempotency.Values);
        _seals.Apply(writes);
        return writes;
    }

    /// <summary>Batch after batch of append-only rows, and what rode along.</summary>
    public IEnumerable<(LedgerWrites Writes, LaneNotes Notes)> Batches()
    {
        for (_batch = 0; Entries < _entriesWanted; _batch++)
        {
            var now = Start + (_batch + 1) * ReservationsPerBatch * _spacing;
            var notes = new LaneNotes();
            var commands = new List<LedgerCommand>(2 * ReservationsPerBatch);
            while (_endings.TryPeek(out var ending, out var due) && due <= _batch)
            {
                _endings.Dequeue();
                commands.Add(End(ending, commands, notes, now));
            }
            for (var i = 0; i < ReservationsPerBatch; i++) commands.Add(Reserve(now - (ReservationsPerBatch - i) * _spacing));
            yield return (Decide(commands, now), notes);
        }
    }

    private long Entries => _state.Organizations[_company.OrganizationId].EntrySequence;

    private LedgerWrites Decide(List<LedgerCommand> commands, long now)
    {
        var decision = LedgerMachine.Decide(_state, commands, now);
        for (var i = 0; i < commands.Count; i++)
        {
            if (decision.Outcomes[i] is not (LedgerOutcome.Admitted or LedgerOutcome.Ended or LedgerOutcome.Kept))
                throw new InvalidOperationException($"{commands[i]} became {decision.Outcomes[i]}");
        }
        var writes = decision.Writes;
        _seals.Apply(writes);
        foreach (var row in writes.Organizations) _state.Organizations[row.OrganizationId] = row;
        foreach (var row in writes.IdempotencyUsed) _idempotency[row.ReservationId] = row;
        foreach (var row in writes.IdempotencyForgotten) _idempotency.Remove(row.ReservationId);
        // A database would not hold these in memory, and neither can this.
        foreach (var (key, spent) in _state.Spent)
        {
            if (_correctable.ContainsKey(key)) _correctable[key] = spent;
        }
        _state.Spent.Clear();
        _state.Released.Clear();
        _state.Refused.Clear();
        writes.Organizations.Clear();
        writes.Windows.Clear();
        writes.Opened.Clear();
        writes.Closed.Clear();
        writes.IdempotencyUsed.Clear();
        writes.IdempotencyForgotten.Clear();
        return writes;
    }

    private ReserveCommand Reserve(long at)
    {
        var employee = _random.Next(_company.Employees);
        var price = _company.Prices[_random.Next(_company.Prices.Length)];
        var claims = _company.ClaimsOf(employee, at);
        var bound = new UnitBound(_random.Next(200, 6_000), price.Rates.Output.NanosPerMillion == 0 ? 0 : _random.Next(100, 2_000));
        var digest = _random.Next(100) == 0 ? Digest() : null;
        var reservation = _company.Template(employee, price, claims, at) with
        {
            Amount = Cost.Bound(price, bound)!.Value, BoundInput = bound.Input, BoundOutput = bound.Output, IdempotencyDigest = digest,
        };
        var fate = PickFate();
        var due = _batch + 1 + (fate == Fate.Expire || fate == Fate.ExpireAndSettle ? MostBatchesInFlight : _random.Next(MostBatchesInFlight));
        _endings.Enqueue(new PlannedEnding(reservation, price, fate), due);
        return new ReserveCommand(reservation, claims) { Idempotency = digest is null ? null : new IdempotencyClaim(digest, digest) };
    }

    private byte[] Digest()
    {
        var digest = new byte[32];
        _random.NextBytes(digest);
        return digest;
    }

    private Fate PickFate() => _random.Next(1_000) switch
    {
        < 10 => Fate.Release,
        < 13 => Fate.Expire,
        < 15 => Fate.ExpireAndSettle,
        < 17 => Fate.SettleAndAdjust,
        < 20 => Fate.Overrun,
        < 22 => Fate.Estimate,
        _ => Fate.Settle,
    };

    private LedgerCommand End(PlannedEnding ending, List<LedgerCommand> commands, LaneNotes notes, long now)
    {
        var (reservation, price, fate) = ending;
        var key = new RowKey(reservation.OrganizationId, reservation.ReservationId);
        switch (fate)
        {
            case Fate.Release:
                if (_random.Next(4) == 0) commands.Add(new RefuseCommand(Refusal(reservation, now)));
                return new ReleaseCommand(key.OrganizationId, key.Id, reservation.WindowIds, "the provider refused");
            case Fate.Expire:
                return new ExpireCommand(key.OrganizationId, key.Id, reservation.WindowIds);
            case Fate.ExpireAndSettle:
                PlanCorrection(ending with { Fate = Fate.Late }, key, _batch + 20);
                return new ExpireCommand(key.OrganizationId, key.Id, reservation.WindowIds);
            case Fate.SettleAndAdjust:
                PlanCorrection(ending with { Fate = Fate.Adjust }, key, _batch + (_random.Next(10) == 0 ? 20_000 : 100));
                return Settle(reservation, price, Used(reservation, 1));
            case Fate.Adjust:
                Recall(key);
                return new AdjustCommand(key.OrganizationId, key.Id, reservation.WindowIds, new NanoUsd(_random.Next(-100, 1_000)), "the invoice says so");
            case Fate.Late:
                Recall(key);
                return Settle(reservation, price, Used(reservation, _random.Next(1, 3)));
            case Fate.Overrun:
                return Settle(reservation, price, Used(reservation, 3));
            case Fate.Estimate:
                return new SettleCommand(key.OrganizationId, key.Id, reservation.WindowIds, Estimate(reservation));
            default:
                if (_random.Next(50) == 0) notes.Objects.Add(Object(reservation, now));
                return Settle(reservation, price, Used(reservation, 1));
        }
    }

    private void PlanCorrection(PlannedEnding ending, RowKey key, long due)
    {
        _correctable.Add(key, null!);
        _endings.Enqueue(ending, due);
    }

    private void Recall(RowKey key)
    {
        _correctable.Remove(key, out var spent);
        _state.Spent.Add(key, spent!);
    }

    private static SettleCommand Settle(Reservation reservation, PriceVersion price, Usage usage) =>
        new(reservation.OrganizationId, reservation.ReservationId, reservation.WindowIds, new Settlement
        {
            Cost = Cost.Of(price, usage),
            Usage = usage,
            ServedModel = price.Model,
            ServedTier = "default",
            UpstreamRequestId = "req_0123456789abcdef0123456789abcdef",
            UpstreamStatus = 200,
        });

    private static Settlement Estimate(Reservation reservation) => new()
    {
        Cost = reservation.Amount,
        Usage = new Usage { Input = reservation.BoundInput, Output = reservation.BoundOutput },
        IsEstimated = true,
    };

    /// <summary>About half of the bound, so that three times as much is beyond it.</summary>
    private Usage Used(Reservation reservation, int times)
    {
        var input = reservation.BoundInput / 2 + _random.Next(100);
        var output = reservation.BoundOutput == 0 ? 0 : reservation.BoundOutput / 2 + _random.Next(50);
        return new Usage { Input = times * input * 3 / 4, CachedInput = times * input / 4, Output = times * output, ReasoningWithinOutput = output / 3 };
    }

    private static RefusalRecord Refusal(Reservation reservation, long now) => new()
    {
        OrganizationId = reservation.OrganizationId,
        RequestId = reservation.ReservationId,
        KeyId = reservation.KeyId,
        RefusedAt = now,
        Route = reservation.Route,
        Provider = reservation.Provider,
        Model = reservation.Model,
        Refusal = new Refusal(RefusalCode.ProviderUnavailable, "The provider is unavailable."),
    };

    private static ProviderObject Object(Reservation reservation, long now) => new()
    {
        OrganizationId = reservation.OrganizationId,
        ObjectId = $"resp_{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(reservation.ReservationId.ToByteArray()))[..40]}",
        Kind = ObjectKind.Response,
        AccountId = reservation.AccountId,
        KeyId = reservation.KeyId,
        ReservationId = reservation.ReservationId,
        CreatedAt = now,
    };

    private enum Fate
    {
        Settle,
        Release,
        Expire,
        ExpireAndSettle,
        SettleAndAdjust,
        Overrun,
        Estimate,
        Adjust,
        Late,
    }

    private sealed record PlannedEnding(Reservation Reservation, PriceVersion Price, Fate Fate);
}
