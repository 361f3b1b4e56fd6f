using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

public sealed partial class LedgerLane
{
    // At the default delays reservations then wait for 60 ms before they are turned away.
    private const int MostQuickRetries = 2;

    private const string NeverSent = "the reservation's outcome was unknown to its caller; never sent";

    private readonly LedgerSeals _seals = new();

    /// <summary>Steps 2 to 5 for one batch, through every failure.</summary>
    /// <param name="batch">What to write; it shrinks when reservations are turned away.</param>
    /// <param name="isAmbiguous">True when an earlier attempt may have been committed.</param>
    private async Task CommitAsync(List<LaneTicket> batch, bool isAmbiguous = false)
    {
        var delay = _options.FirstRetryDelay;
        var outages = 0;
        while (batch.Count > 0)
        {
            var isCommitting = false;
            try
            {
                var commands = CommandsOf(batch);
                var state = await _engine.BeginAsync(commands, isAmbiguous);
                var decision = LedgerMachine.Decide(state, commands, Micros.Now(_time));
                _seals.Apply(decision.Writes);
                var notes = NotesOf(batch, decision);
                // What an unclear commit has left is seen here and perhaps on no replica yet: it is answered when a commit
                // after it has waited for the replicas.
                if (decision.Writes.IsEmpty && notes.IsEmpty && !isAmbiguous)
                {
                    await _engine.AbandonAsync(reconnect: false);
                }
                else
                {
                    isCommitting = true;
                    await _engine.CommitAsync(decision.Writes, notes);
                }
                Answer(batch, decision);
                return;
            }
            catch (Exception e)
            {
                var fault = _engine.Classify(e);
                _metrics.Retried(fault);
                await _engine.AbandonAsync(reconnect: fault == LaneFault.Unavailable);
                if (fault == LaneFault.Poison)
                {
                    await TakeApartAsync(batch, e, isAmbiguous);
                    return;
                }
                if (fault == LaneFault.Unavailable)
                {
                    isAmbiguous |= isCommitting;
                    // A lost connection is often back at once, and a new one may be lost while it is set up: only a third
                    // failure in a row is an outage.
                    if (++outages > MostQuickRetries) TurnReservationsAway(batch, _engine.Describe(e), isAmbiguous);
                }
                LogRetry(_logger, batch.Count, delay.TotalMilliseconds, _engine.Describe(e));
            }
            if (!await PauseAsync(delay))
            {
                Abandon(batch);
                return;
            }
            delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.LastRetryDelay.Ticks));
        }
    }

    private static List<LedgerCommand> CommandsOf(List<LaneTicket> batch)
    {
        var commands = new List<LedgerCommand>(batch.Count);
        foreach (var ticket in batch)
        {
            if (ticket.Command is { } command) commands.Add(command);
        }
        return commands;
    }

    private static LaneNotes NotesOf(List<LaneTicket> batch, LedgerDecision decision)
    {
        var notes = new LaneNotes();
        var next = 0;
        foreach (var ticket in batch)
        {
            ticket.Note?.Invoke(notes);
            if (ticket.Command is not { } command) continue;
            // It stands or falls with its reservation.
            if (decision.Outcomes[next++] is LedgerOutcome.Admitted && command is ReserveCommand { Intent: { } intent }) notes.Objects.Add(intent);
        }
        return notes;
    }

    private void Answer(List<LaneTicket> batch, LedgerDecision decision)
    {
        var next = 0;
        foreach (var ticket in batch)
        {
            if (ticket.Command is not { } command)
            {
                ticket.TryComplete(LedgerOutcome.AlreadyEnded.Instance);
                continue;
            }
            var outcome = decision.Outcomes[next++];
            if (outcome is LedgerOutcome.Failed { Error: var error }) LogCommandFailed(_logger, command.ReservationId, error);
            if (!ticket.TryComplete(outcome) && outcome is LedgerOutcome.Admitted) GiveBack((ReserveCommand)command);
        }
    }

    /// <summary>
    /// The database is out of reach. Whoever waits for a reservation is told so now. If the commit may have gone
    /// through, the reservation is given back once the database answers: the caller never dispatches it.
    /// </summary>
    private void TurnReservationsAway(List<LaneTicket> batch, string why, bool isAmbiguous)
    {
        Sort();
        while (_reserves.TryDequeue(out var waiting))
        {
            Interlocked.Decrement(ref _queuedReserves);
            waiting.TryFail(new LedgerUnavailableException(why));
        }
        foreach (var ticket in batch)
        {
            if (ticket.Command is not ReserveCommand reserve) continue;
            ticket.TryFail(new LedgerUnavailableException(why));
            if (isAmbiguous) GiveBack(reserve);
        }
        batch.RemoveAll(ticket => ticket.Reserves);
    }

    private void GiveBack(ReserveCommand reserve) => _endings.Add(LaneTicket.For(new ReleaseCommand(
        reserve.OrganizationId, reserve.ReservationId, reserve.WindowIds, NeverSent)));

    /// <summary>Step 4: each command in a transaction of its own; the one that cannot be written fails alone.</summary>
    private async Task TakeApartAsync(List<LaneTicket> batch, Exception error, bool isAmbiguous)
    {
        if (batch.Count == 1)
        {
            LogPoison(_logger, batch[0].Command?.ReservationId, error);
            // Whoever awaits a note awaits that it is kept: it has no outcome that could say otherwise.
            if (batch[0].Command is null) batch[0].TryFail(error);
            else batch[0].TryComplete(new LedgerOutcome.Failed(error));
            return;
        }
        foreach (var ticket in batch.ToArray()) await CommitAsync([ticket], isAmbiguous);
    }

    private void Abandon(List<LaneTicket> batch)
    {
        LogAbandoned(_logger, batch.Count);
        foreach (var ticket in batch)
            ticket.TryFail(new LedgerUnavailableException("the lane was closed before the database came back"));
    }

    /// <summary>False when the lane must close now.</summary>
    private async Task<bool> PauseAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _time, _closing.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not be written ({Reason}); {Count} commands are tried again in {DelayMs} ms")]
    private static partial void LogRetry(ILogger logger, int count, double delayMs, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The ledger refused a command for reservation {ReservationId}")]
    private static partial void LogCommandFailed(ILogger logger, Guid reservationId, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "A command for reservation {ReservationId} cannot be written; it failed alone")]
    private static partial void LogPoison(ILogger logger, Guid? reservationId, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} commands were not written before the lane closed; the sweep ends their reservations")]
    private static partial void LogAbandoned(ILogger logger, int count);
}
