using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger;

/// <summary>
/// The ledger's decisions, for a batch of commands against the state that the database has locked. Pure and the
/// same on every engine: it is what the tests and the simulation drive.
/// <para>
/// Settlements, releases, expiries and adjustments are decided before reservations, because they free money;
/// otherwise commands are decided in order of arrival. A command that fails changes nothing.
/// </para>
/// </summary>
public static class LedgerMachine
{
    public static LedgerDecision Decide(LedgerState state, IReadOnlyList<LedgerCommand> commands, long nowMicros)
    {
        var batch = new LedgerBatch(state, nowMicros);
        var outcomes = new LedgerOutcome[commands.Count];
        for (var pass = 0; pass < 2; pass++)
        {
            for (var i = 0; i < commands.Count; i++)
            {
                if (commands[i].Reserves == (pass == 1)) outcomes[i] = DecideAlone(batch, commands[i]);
            }
        }
        return new LedgerDecision(outcomes, batch.Complete());
    }

    private static LedgerOutcome DecideAlone(LedgerBatch batch, LedgerCommand command)
    {
        try
        {
            return command switch
            {
                ReserveCommand reserve => Reserve(batch, reserve),
                SettleCommand settle => Settle(batch, settle),
                ReleaseCommand release => Release(batch, release),
                ExpireCommand expire => Expire(batch, expire),
                AdjustCommand adjust => Adjust(batch, adjust),
                RefuseCommand refuse => Refuse(batch, refuse),
                _ => throw new ArgumentException($"unknown command {command.GetType().Name}", nameof(command)),
            };
        }
        catch (Exception e) when (e is LedgerInvariantException or OverflowException or ArgumentException)
        {
            return new LedgerOutcome.Failed(e);
        }
    }

    /// <summary>Kept once: what was kept before, by an attempt of unknown outcome, stands.</summary>
    private static LedgerOutcome.Kept Refuse(LedgerBatch batch, RefuseCommand command)
    {
        if (!batch.IsRefusalKept(command)) batch.Keep(command.Refusal);
        return LedgerOutcome.Kept.Instance;
    }

    private static LedgerOutcome Reserve(LedgerBatch batch, ReserveCommand command)
    {
        CheckShape(command);
        var reservation = command.Reservation;
        var windows = ImmutableArray.CreateBuilder<WindowRow>(command.Claims.Length);

        // Repeated after an ambiguous commit: the first one stands.
        if (batch.FindOpen(command) is not null)
        {
            foreach (var claim in command.Claims) windows.Add(batch.Window(reservation.OrganizationId, claim));
            return new LedgerOutcome.Admitted(windows.MoveToImmutable());
        }
        if (batch.HasEnded(command)) return LedgerOutcome.AlreadyEnded.Instance;

        var epoch = batch.Organization(reservation.OrganizationId).Epoch;
        if (epoch != reservation.Epoch) return new LedgerOutcome.Stale(epoch);
        if (FindRepetition(batch, command) is { } repeated) return repeated;
        if (FindShortfall(batch, command) is { } refusal) return new LedgerOutcome.Refused(refusal);

        foreach (var claim in command.Claims)
        {
            var before = batch.Window(reservation.OrganizationId, claim);
            windows.Add(before with { Reserved = before.Reserved + reservation.Amount });
        }
        foreach (var window in windows) batch.Put(window);
        batch.Open(reservation);
        if (command.Idempotency is { } idempotency)
        {
            batch.UseIdempotencyKey(new IdempotencyRow(
                reservation.OrganizationId, reservation.KeyId, idempotency.KeyDigest, idempotency.BodyDigest,
                reservation.ReservationId));
        }
        return new LedgerOutcome.Admitted(windows.MoveToImmutable());
    }

    /// <summary>
    /// What holds money here must give it back there: a reservation names exactly the windows that it claims, each
    /// once, and the idempotency key that its release forgets.
    /// </summary>
    private static void CheckShape(ReserveCommand command)
    {
        var (reservation, claims) = (command.Reservation, command.Claims);
        if (reservation.Amount.IsNegative) throw new ArgumentException("a reservation is never negative");
        if (claims.IsDefault || reservation.WindowIds.IsDefault || claims.Length != reservation.WindowIds.Length)
            throw new ArgumentException("a reservation names the windows that it claims");
        for (var i = 0; i < claims.Length; i++)
        {
            // Found nowhere or elsewhere: another window. Found before: claimed twice.
            if (reservation.WindowIds.IndexOf(claims[i].WindowId) != i)
                throw new ArgumentException("a reservation names the windows that it claims, each once");
        }
        var digest = command.Idempotency?.KeyDigest;
        if ((digest is null) != (reservation.IdempotencyDigest is null)
            || !digest.AsSpan().SequenceEqual(reservation.IdempotencyDigest))
            throw new ArgumentException("a reservation carries the digest of its idempotency key");
    }

    private static LedgerOutcome.Repeated? FindRepetition(LedgerBatch batch, ReserveCommand command)
    {
        if (command.Idempotency is not { } claim) return null;
        if (batch.FindIdempotency(command.Reservation, claim) is not { } earlier) return null;
        var code = !earlier.BodyDigest.AsSpan().SequenceEqual(claim.BodyDigest) ? RefusalCode.IdempotencyMismatch
            : batch.IsRunning(earlier) ? RefusalCode.IdempotencyInProgress
            : RefusalCode.IdempotencyReplayUnavailable;
        return new LedgerOutcome.Repeated(code, earlier.ReservationId);
    }

    /// <summary>The first hard claim that does not fit; one that no waiting would mend before one that would.</summary>
    private static Refusal? FindShortfall(LedgerBatch batch, ReserveCommand command)
    {
        Refusal? held = null;
        foreach (var claim in command.Claims)
        {
            if (claim.Enforcement != Enforcement.Hard) continue;
            var window = AsOfNow(batch.Window(command.OrganizationId, claim), claim, batch.NowMicros);
            var amount = command.Reservation.Amount;
            if (window.Fits(amount)) continue;
            var isHeld = window.FitsWithoutHolds(amount);
            var refusal = Shortfall(claim, window, amount, isHeld);
            if (!isHeld) return refusal;
            held ??= refusal;
        }
        return held;
    }

    /// <summary>
    /// A window whose limit still holds an increase that is over: that money covers nothing any more. The claim's budget is
    /// the one in force, since the reservation was decided under the epoch that is.
    /// </summary>
    private static WindowRow AsOfNow(WindowRow window, WindowClaim claim, long nowMicros)
    {
        var limit = claim.Window.Budget.AmountAt(nowMicros);
        return limit < window.Limit ? window with { Limit = limit } : window;
    }

    private static Refusal Shortfall(WindowClaim claim, WindowRow window, NanoUsd amount, bool isHeld)
    {
        var slug = claim.Window.Budget.Slug;
        var figures = $"limit {window.Limit}, settled {window.Settled}, reserved {window.Reserved}, needed {amount} USD";
        var message = isHeld
            ? $"Budget '{slug}' is held by requests in flight ({figures}). Try again shortly."
            : $"Budget '{slug}' cannot cover this request ({figures}).";
        return new Refusal(isHeld ? RefusalCode.BudgetHeld : RefusalCode.BudgetExceeded, message)
        {
            PolicyId = claim.PolicyId,
            PolicySlug = claim.PolicySlug,
            Window = new RefusedWindow(window.BudgetId, slug, window.Limit, window.Settled, window.Reserved, amount,
                window.Span.StartsAt, window.Span.EndsAt),
        };
    }

    private static LedgerOutcome Settle(LedgerBatch batch, SettleCommand command)
    {
        if (command.Settlement.Cost.IsNegative) throw new ArgumentException("a cost is never negative");
        if (batch.FindOpen(command) is { } open)
            return End(batch, open, SpendKind.Settled, command.Settlement);
        if (batch.FindSpent(command) is { IsInDoubt: true } expired)
            return SettleLate(batch, expired, command.Settlement, reason: null);
        return batch.HasEnded(command) ? LedgerOutcome.AlreadyEnded.Instance : LedgerOutcome.Unknown.Instance;
    }

    private static LedgerOutcome Expire(LedgerBatch batch, ExpireCommand command)
    {
        if (batch.FindOpen(command) is not { } open)
            return batch.HasEnded(command) ? LedgerOutcome.AlreadyEnded.Instance : LedgerOutcome.Unknown.Instance;
        var bound = new Settlement
        {
            Cost = open.Amount,
            Usage = BoundUsage(open),
            IsEstimated = true,
            TierPercent = open.TierPercent,
        };
        return End(batch, open, SpendKind.Expired, bound);
    }

    /// <summary>What an expiry books: the units of the bound.</summary>
    private static Usage BoundUsage(Reservation reservation) =>
        new() { Input = reservation.BoundInput, Output = reservation.BoundOutput };

    private static LedgerOutcome Release(LedgerBatch batch, ReleaseCommand command)
    {
        // After expiry the money is booked, not held: that the provider did no work takes it back.
        if (batch.FindSpent(command) is { IsInDoubt: true } expired)
            return SettleLate(batch, expired, new Settlement { Cost = NanoUsd.Zero, Usage = default, TierPercent = expired.Reservation.TierPercent }, command.Reason);
        if (batch.FindOpen(command) is not { } open)
            return batch.HasEnded(command) ? LedgerOutcome.AlreadyEnded.Instance : LedgerOutcome.Unknown.Instance;
        batch.Move(open, reserved: -open.Amount, settled: NanoUsd.Zero);
        batch.CloseReleased(open, command.Reason);
        return new LedgerOutcome.Ended(null, NanoUsd.Zero);
    }

    private static LedgerOutcome.Ended End(LedgerBatch batch, Reservation open, SpendKind kind, Settlement settlement)
    {
        batch.Move(open, reserved: -open.Amount, settled: settlement.Cost);
        batch.CloseSpent(open, kind, settlement);
        if (settlement.Cost > open.Amount)
            batch.Explain(open, ExcessKind.Overrun, eventNumber: 0, settlement.Cost - open.Amount);
        return new LedgerOutcome.Ended(kind, settlement.Cost);
    }

    private static LedgerOutcome.Ended SettleLate(
        LedgerBatch batch, SpentReservation expired, Settlement settlement, string? reason)
    {
        var difference = settlement.Cost - expired.TotalCost;
        var correction = settlement with { Cost = difference, Usage = settlement.Usage - BoundUsage(expired.Reservation) };
        batch.Move(expired.Reservation, reserved: NanoUsd.Zero, settled: difference);
        var number = batch.Correct(expired, SpendKind.Late, correction, reason);
        if (difference > NanoUsd.Zero) batch.Explain(expired.Reservation, ExcessKind.Late, number, difference);
        return new LedgerOutcome.Ended(SpendKind.Late, settlement.Cost);
    }

    /// <summary>
    /// Books a correction that belongs to a provider account and to no request: a fee, a credit note. It moves no window,
    /// because no scope has spent it. Whether it was booked before is told by its row, which the caller has locked.
    /// </summary>
    /// <exception cref="ArgumentException">There is nothing to book, or no reason.</exception>
    public static LedgerWrites AdjustAccount(OrganizationRow organization, AccountAdjustment adjustment, long nowMicros)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(adjustment.Reason);
        if (adjustment.Difference == NanoUsd.Zero) throw new ArgumentException("an adjustment changes something");
        var state = new LedgerState();
        state.Organizations.Add(organization.OrganizationId, organization);
        var batch = new LedgerBatch(state, nowMicros);
        batch.BookAccount(organization.OrganizationId, adjustment);
        return batch.Complete();
    }

    private static LedgerOutcome Adjust(LedgerBatch batch, AdjustCommand command)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(command.Reason);
        if (batch.FindSpent(command) is not { } spent)
            return batch.FindOpen(command) is not null || batch.HasEnded(command)
                ? throw new ArgumentException("only what was spent can be adjusted")
                : LedgerOutcome.Unknown.Instance;
        if (command.AfterEvent < spent.LastEventNumber) return LedgerOutcome.AlreadyEnded.Instance;
        if (command.AfterEvent > spent.LastEventNumber)
            throw new ArgumentException("an adjustment cannot follow an event that is not there");
        var total = spent.TotalCost + command.Difference;
        if (total.IsNegative) throw new ArgumentException("an adjustment cannot take more than was spent");
        batch.Move(spent.Reservation, reserved: NanoUsd.Zero, settled: command.Difference);
        var adjustment = new Settlement { Cost = command.Difference, Usage = default };
        var number = batch.Correct(spent, SpendKind.Adjusted, adjustment, command.Reason);
        if (command.Difference > NanoUsd.Zero)
            batch.Explain(spent.Reservation, ExcessKind.Overrun, number, command.Difference);
        return new LedgerOutcome.Ended(SpendKind.Adjusted, total);
    }
}
