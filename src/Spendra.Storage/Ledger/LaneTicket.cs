using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>One command or note in the lane, and whoever waits for it.</summary>
internal sealed class LaneTicket
{
    private readonly TaskCompletionSource<LedgerOutcome> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LaneTicket(LedgerCommand? command, Action<LaneNotes>? note)
    {
        Command = command;
        Note = note;
    }

    /// <summary>Null for a ticket that only carries a note.</summary>
    public LedgerCommand? Command { get; }

    public Action<LaneNotes>? Note { get; }

    public bool Reserves => Command is ReserveCommand;

    public Task<LedgerOutcome> Done => _done.Task;

    /// <summary>
    /// <see cref="Done"/> for callers: it completes where they wait, and so does what they combine it with.
    /// </summary>
    public async Task<LedgerOutcome> AwaitAsync() => await _done.Task;

    public static LaneTicket For(LedgerCommand command) => new(command, null);

    public static LaneTicket For(Action<LaneNotes> note) => new(null, note);

    /// <summary>False when the caller has given up meanwhile.</summary>
    public bool TryComplete(LedgerOutcome outcome) => _done.TrySetResult(outcome);

    public bool TryFail(Exception error) => _done.TrySetException(error);
}
