using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Whatever an event booked beyond what was held must stand in the excesses of each of its windows, with exactly
/// that amount; and nothing else may stand there. Cap cuts have no event and explain themselves.
/// </summary>
internal sealed class ExcessCheck
{
    private const int IdBytes = 16;

    private readonly VerificationReport _report;
    private readonly Dictionary<(Guid Cause, int Number, Guid Window), WindowExcess> _unmatched = [];
    private long _explained;

    public ExcessCheck(VerifiedOrganization organization, VerificationReport report)
    {
        _report = report;
        foreach (var excess in organization.Excesses)
        {
            if (excess.Kind == ExcessKind.CapCut) continue;
            _unmatched[(excess.CauseId, excess.EventNumber, excess.WindowId)] = excess;
        }
        report.Count(Invariant.ExcessCaused, _unmatched.Count);
    }

    public void Add(in SpendRow row)
    {
        var excess = row.EventNumber == 0 ? row.Cost.Value - (Int128)row.Reservation.Amount.Value : row.Cost.Value;
        if (excess <= 0) return;
        var kind = row.Kind == SpendKind.Late ? ExcessKind.Late : ExcessKind.Overrun;
        var windowIds = row.Reservation.WindowIds;
        var reservationId = row.Reservation.ReservationId;
        for (var i = 0; i + IdBytes <= windowIds.Length; i += IdBytes)
        {
            _explained++;
            var window = new Guid(windowIds.Slice(i, IdBytes), bigEndian: true);
            var subject = $"window {window}, event {row.EventNumber} of reservation {reservationId}";
            var expected = $"{Name(kind)} of {new NanoUsd((long)excess)} USD";
            if (!_unmatched.Remove((reservationId, row.EventNumber, window), out var found))
                _report.Add(Invariant.ExcessExplains, subject, expected, "none");
            else if (found.Kind != kind || found.Amount.Value != excess)
                _report.Add(Invariant.ExcessExplains, subject, expected, $"{Name(found.Kind)} of {found.Amount} USD");
            else if (found.RecordedAt != row.OccurredAt)
                _report.Add(Invariant.ExcessExplains, subject, $"recorded at {row.OccurredAt}", $"{found.RecordedAt}");
        }
    }

    public void Complete()
    {
        _report.Count(Invariant.ExcessExplains, _explained);
        foreach (var excess in _unmatched.Values)
        {
            _report.Add(Invariant.ExcessCaused, $"window {excess.WindowId}",
                $"event {excess.EventNumber} of reservation {excess.CauseId} above its hold",
                $"{Name(excess.Kind)} of {excess.Amount} USD without one");
        }
    }

    private static string Name(ExcessKind kind) => kind switch
    {
        ExcessKind.Overrun => "overrun",
        ExcessKind.Late => "late",
        ExcessKind.CapCut => "cap_cut",
    };
}
