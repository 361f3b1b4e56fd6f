using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Telemetry;
using Spendra.Gateway.Tokens;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Requests;

/// <summary>Steps 3 to 6: from an authenticated, read request to a committed reservation or a reason.</summary>
internal static class Admitting
{
    // Each round means that the rules changed under the request, or, once, that its bound was tightened. More rounds than this is not a race any more.
    private const int MaxRounds = 16;

    /// <summary>The permit, or an answer that says why there is none.</summary>
    public static async Task<(DispatchPermit? Permit, GatewayError? Error)> AdmitAsync(
        GovernedCall call, GatewayParts parts, CancellationToken cancel)
    {
        using var step = RequestTrace.Step(RequestTrace.Admission);
        for (var round = 0; round < MaxRounds; round++)
        {
            var now = Micros.Now(parts.Time);
            if (round > 0)
            {
                if (Authentication.Admit(call, call.Snapshot, now) is { } revoked) return (null, revoked);
                Intake.Outline(call);
            }
            var decision = Decide(call, parts.Options, now);
            if (decision is Decision.Admit admit)
            {
                var command = MakeCommand(call, parts, admit, now);
                var outcome = await ReserveAsync(parts, command);
                if (outcome is LedgerOutcome.Admitted admitted)
                    return (DispatchPermit.From(command.Reservation, admitted), null);
                if (outcome is LedgerOutcome.Refused small && await Tightening.TryAsync(call, parts, small.Refusal)) continue;
                if (outcome is not LedgerOutcome.Stale) return (null, await ExplainAsync(call, parts, outcome, cancel));
            }
            else if (await Tightening.TryAsync(call, parts, ((Decision.Deny)decision).Refusal))
            {
                continue;
            }
            // A refusal by rules that have changed meanwhile would be a false one: it is confirmed before it is spoken.
            else if (await parts.Snapshots.IsCurrentAsync(call.Snapshot, cancel))
            {
                return (null, await RefuseAsync(call, parts, ((Decision.Deny)decision).Refusal));
            }
            if (await parts.Snapshots.RefreshAsync(call.Snapshot.OrganizationId, call.Snapshot, cancel) is not { } newer) break;
            call.Snapshot = newer;
        }
        return (null, Unavailable("The rules kept changing while the request was decided. Try again."));
    }

    public static GatewayError Unavailable(string message) =>
        GatewayError.From(new Refusal(RefusalCode.LedgerUnavailable, message));

    private static Task<LedgerOutcome> ReserveAsync(GatewayParts parts, ReserveCommand command) =>
        RequestTrace.IsOn ? ReserveTracedAsync(parts, command) : parts.Lane.ReserveAsync(command);

    private static async Task<LedgerOutcome> ReserveTracedAsync(GatewayParts parts, ReserveCommand command)
    {
        using var step = RequestTrace.Step(RequestTrace.Reservation);
        var outcome = await parts.Lane.ReserveAsync(command);
        step?.SetTag("spendra.outcome", LedgerLane.NameOf(outcome));
        return outcome;
    }

    /// <summary>Steps 3 to 5. Pure but for what it notes in the call and the places it takes.</summary>
    private static Decision Decide(GovernedCall call, GatewayOptions options, long now)
    {
        if (Stripping.Apply(call) is { } demanded) return new Decision.Deny(demanded);
        call.Changes = new RequestChanges { IncludeUsage = call.HidesUsageChunk };
        call.ImposedOutputLimit = null;
        call.DecidedAt = now;
        if (Admission.CheckPermissions(call.Standing, call.Shape) is { } forbidden) return new Decision.Deny(forbidden);
        if (call.IsTest && options.SandboxUrl is null)
            return new Decision.Deny(new Refusal(RefusalCode.ProviderUnavailable, "Test keys reach only the sandbox, and this gateway has none."));
        if (!call.IsTest && call.Account is null)
        {
            return new Decision.Deny(call.Route.Provider.HasNoAccount(call));
        }
        if (ToolBounds.CheckStores(call) is { } foreign) return new Decision.Deny(foreign);
        if (ImageToolBounding.CheckModel(call) is { } other) return new Decision.Deny(other);
        var bounded = call.Batch is { } batch ? BatchBounding.Bound(call, batch, options, now) : Bounding.Bound(call, options, now);
        if (bounded is { } unpriceable) return new Decision.Deny(unpriceable);
        var decision = Admission.Decide(call.Snapshot, call.Standing, call.Shape, call.Amount, now);
        if (decision is Decision.Admit && call.Places.TakeUnderLimits(call.Standing, call.Shape) is { } limit)
        {
            return new Decision.Deny(new Refusal(RefusalCode.ConcurrencyLimitExceeded,
                $"This key has as many requests in flight as '{limit.Slug}' allows ({limit.MaxConcurrent}). Wait for some to end.")
            {
                PolicyId = limit.PolicyId,
                PolicySlug = limit.Slug,
            });
        }
        return decision;
    }

    private static ReserveCommand MakeCommand(GovernedCall call, GatewayParts parts, Decision.Admit admit, long now)
    {
        call.Claims = admit.Claims;
        var isBackground = call.Facts.IsBackground;
        var seconds = isBackground ? parts.Options.BackgroundReservationSeconds : parts.Options.ReservationSeconds;
        if (call.Batch is not null) seconds = parts.Options.BatchReservationSeconds;
        var reservation = new Reservation
        {
            OrganizationId = call.Snapshot.OrganizationId,
            ReservationId = call.RequestId,
            KeyId = call.Standing.Key.KeyId,
            ScopeIds = [.. call.Standing.ScopeIds],
            PolicyIds = admit.PolicyIds,
            WindowIds = [.. admit.Claims.Select(c => c.WindowId)],
            Provider = call.Shape.Provider,
            AccountId = call.Account?.AccountId ?? ProviderAccount.SandboxId,
            Model = call.Shape.Model,
            Route = call.Route.Name,
            Environment = call.Shape.Environment,
            PriceId = call.IsTest ? null : call.Price?.PriceId,
            TierPercent = call.TierPercent,
            Amount = call.Amount,
            BoundInput = call.Bound.Input,
            BoundOutput = call.Bound.Output,
            BoundKinds = call.Bound.Kinds,
            BoundPieces = call.Bound.Pieces,
            BoundBasis = call.Basis,
            Epoch = call.Snapshot.Epoch,
            ReservedAt = now,
            ExpiresAt = now + seconds * 1_000_000L,
            GatewayId = isBackground ? null : parts.GatewayId,
            IdempotencyDigest = call.Idempotency?.KeyDigest,
        };
        return new ReserveCommand(reservation, admit.Claims) { Idempotency = call.Idempotency, Intent = ObjectRecords.Intent(call, reservation) };
    }

    private static async Task<GatewayError> ExplainAsync(
        GovernedCall call, GatewayParts parts, LedgerOutcome outcome, CancellationToken cancel) => outcome switch
        {
            LedgerOutcome.Refused refused => await RefuseAsync(call, parts, refused.Refusal),
            LedgerOutcome.Repeated repeated => await ExplainRepetitionAsync(call, parts, repeated, cancel),
            _ => Unavailable("The ledger could not take the reservation. Nothing was sent or held."),
        };

    private static async Task<GatewayError> ExplainRepetitionAsync(
        GovernedCall call, GatewayParts parts, LedgerOutcome.Repeated repeated, CancellationToken cancel)
    {
        var message = repeated.Code switch
        {
            RefusalCode.IdempotencyInProgress => "A request with this idempotency key is still running.",
            RefusalCode.IdempotencyMismatch => "This idempotency key was used for another request. Use a new one.",
            _ => "The request with this idempotency key has been done and settled; responses are not kept here. "
                + "Use a new key to make the call again.",
        };
        var error = await RefuseAsync(call, parts, new Refusal(repeated.Code, message));
        var earlier = await parts.Reservations.FindSettlementAsync(call.Snapshot.OrganizationId, repeated.EarlierReservationId, cancel);
        return error with { EarlierRequestId = repeated.EarlierReservationId, EarlierSettlement = earlier };
    }

    private static async Task<GatewayError> RefuseAsync(GovernedCall call, GatewayParts parts, Refusal refusal)
    {
        var explained = Tightening.Explain(call, refusal);
        await Refusals.KeepAsync(call, parts, explained);
        return GatewayError.From(explained) with { RequestUrl = RequestUrl(call, parts.Options.PublicUrl, explained.Code) };
    }

    /// <summary>Only what more money or an approval would change is worth asking for; a test key never spends any.</summary>
    private static Uri? RequestUrl(GovernedCall call, Uri? publicUrl, RefusalCode code) =>
        publicUrl is not null && !call.IsTest && code is RefusalCode.BudgetExceeded or RefusalCode.ReviewRequired
            ? new Uri(publicUrl, $"requests/new?refusal={call.RequestId}")
            : null;
}
