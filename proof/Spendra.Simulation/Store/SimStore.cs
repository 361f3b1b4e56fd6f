using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Model;
using Spendra.Simulation.Scheduling;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Store;

/// <summary>
/// The database of the simulated world: tables in memory, one lock per organization, transactions that are applied
/// whole or not at all. Whatever is committed, and in which order, is told to <see cref="Committed"/>.
/// </summary>
internal sealed class SimStore(SimLoop loop, SimServer server)
{
    private readonly Dictionary<Guid, SimTransaction> _holders = [];
    private readonly List<SimTransaction> _waiting = [];
    private readonly List<SimTransaction> _live = [];
    private readonly HeldUp _heldUp = new();

    public SimServer Server { get; } = server;

    public LedgerTables Tables { get; } = new();

    public Dictionary<Guid, GovernanceRows> Rules { get; } = [];

    public Dictionary<Guid, Guid> KeyDirectory { get; } = [];

    public Dictionary<Guid, (long StartedAt, long At)> Heartbeats { get; } = [];

    /// <summary>Tools that were taken out of requests, by request and name.</summary>
    public Dictionary<(Guid RequestId, string Tool), StrippedToolRecord> Stripped { get; } = [];

    public Dictionary<(Guid OrganizationId, string ObjectId), ProviderObject> Objects { get; } = [];

    /// <summary>When each object that is gone was deleted.</summary>
    public Dictionary<(Guid OrganizationId, string ObjectId), long> Deleted { get; } = [];

    /// <summary>Called with the commands of every transaction that decided something, in the order of commit.</summary>
    public Action<IReadOnlyList<LedgerCommand>>? Committed { get; set; }

    /// <summary>Called when the tables cannot take what a lane wants to write: it broke a key or a reference.</summary>
    public Action<string>? Rejected { get; set; }

    /// <summary>Reservations that were refused by a transaction which the server had lost before it ended: not replayed.</summary>
    public HashSet<Guid> Unordered { get; } = [];

    /// <summary>Who took each reservation first for one in doubt.</summary>
    public Dictionary<Guid, SimProcess> Sweepers { get; } = [];

    /// <summary>Called after a change of the rules of an organization was committed.</summary>
    public Action<GovernanceRows, long>? RulesChanged { get; set; }

    /// <summary>Begins a transaction at the server and hands over what was asked for once every lock is held.</summary>
    /// <param name="transaction">What it locks.</param>
    /// <param name="granted">Called when it holds every lock.</param>
    /// <param name="lost">Called when the server goes down while the transaction waits: whoever asked sees the connection end.</param>
    public void Begin(SimTransaction transaction, Action granted, Action? lost = null)
    {
        _live.Add(transaction);
        transaction.BegunAt = loop.Now;
        transaction.Granted = granted;
        transaction.Lost = lost;
        _waiting.Add(transaction);
        GrantLocks();
        // A last request of a process that has died meanwhile: its connection is closed behind it.
        if (!transaction.Owner.IsAlive) LoseTransactionsOf(transaction.Owner);
    }

    public LedgerState Load(IReadOnlyList<LedgerCommand> commands, bool isRepeated) => Tables.Load(commands, isRepeated);

    /// <summary>Applies a transaction and lets go of its locks; false when it is over already.</summary>
    public bool TryCommit(SimTransaction transaction, LedgerWrites writes, LaneNotes notes)
    {
        if (transaction.IsOver) return false;
        if (LedgerTables.Broken(Tables, writes) is { } broken)
        {
            Rejected?.Invoke(broken);
            throw new InvalidOperationException(broken);
        }
        Tables.Apply(writes);
        foreach (var stripped in notes.StrippedTools) Stripped.TryAdd((stripped.RequestId, stripped.Tool), stripped);
        foreach (var made in notes.Objects) Objects.TryAdd((made.OrganizationId, made.ObjectId), made);
        foreach (var gone in notes.Deletions)
        {
            if (Objects.ContainsKey((gone.OrganizationId, gone.ObjectId))) Deleted.TryAdd((gone.OrganizationId, gone.ObjectId), gone.DeletedAt);
        }
        foreach (var beat in notes.Heartbeats) Heartbeats[beat.GatewayId] = (Heartbeats.GetValueOrDefault(beat.GatewayId, (beat.StartedAt, 0)).StartedAt, beat.At);
        foreach (var command in transaction.Commands.Where(c => c is ExpireCommand)) Sweepers.TryAdd(command.ReservationId, transaction.Owner);
        Committed?.Invoke(transaction.Commands);
        End(transaction);
        return true;
    }

    /// <summary>A transaction ends in which everything was refused: that is a decision too, as long as its locks hold.</summary>
    public void NoteUnwritten(SimTransaction transaction)
    {
        if (!transaction.IsOver) Committed?.Invoke(transaction.Commands);
        else Unordered.UnionWith(transaction.Commands.Select(c => c.ReservationId));
    }

    /// <summary>The process holds the locks of a transaction that has not ended.</summary>
    public bool IsInTransaction(SimProcess process) => _live.Exists(t => t.Owner == process && t.Held == t.Organizations.Count);

    /// <summary>
    /// The lock of the organization, or one that a transaction of the process waited for, was held by a process that stood
    /// still, at some time between these.
    /// </summary>
    public bool WasHeldUp(SimProcess process, Guid organizationId, long from, long until) =>
        HeldUpUntilNow().Has(process, organizationId, from, until);

    /// <summary>With the transactions that have not ended.</summary>
    private HeldUp HeldUpUntilNow()
    {
        var now = new HeldUp(_heldUp);
        // In the order in which they began, and twice: who waits may have begun before whom it waits for.
        foreach (var transaction in _live.Concat(_live)) now.Note(transaction, loop.Now);
        return now;
    }

    /// <summary>Rolls back, or lets go after a decision that wrote nothing.</summary>
    public void End(SimTransaction transaction)
    {
        if (transaction.IsOver) return;
        transaction.IsOver = true;
        _heldUp.Note(transaction, loop.Now, transaction.Held < transaction.Organizations.Count ? HeldUpUntilNow() : null);
        _live.Remove(transaction);
        _waiting.Remove(transaction);
        foreach (var id in transaction.Organizations)
        {
            if (_holders.GetValueOrDefault(id) == transaction) _holders.Remove(id);
        }
        GrantLocks();
    }

    /// <summary>The server restarts: every transaction that is not committed is gone.</summary>
    public void LoseTransactions()
    {
        var lost = _live.ToArray();
        SimTransaction[] waiting = [.. _waiting];
        // All at once: none may get the locks of another meanwhile.
        _waiting.Clear();
        foreach (var transaction in lost) End(transaction);
        foreach (var transaction in waiting) transaction.Lost?.Invoke();
    }

    /// <summary>A process died: the server finds out in its own time.</summary>
    public void LoseTransactionsOf(SimProcess process)
    {
        foreach (var transaction in _live.Where(t => t.Owner == process).ToArray())
            loop.After(Server.Latency() * 4, () => End(transaction));
    }

    /// <summary>
    /// Changes the rules of an organization in a transaction of its own: a new epoch, and windows that have not ended
    /// follow their budget. What then stands above a hard cap is written down.
    /// </summary>
    public void ChangeRules(SimProcess owner, Guid organizationId, Func<GovernanceRows, GovernanceRows> change, long nowMicros)
    {
        var transaction = new SimTransaction(owner, [], [organizationId]);
        Begin(transaction, () =>
        {
            var rows = change(Rules[organizationId]) with { Epoch = Rules[organizationId].Epoch + 1 };
            Rules[organizationId] = rows;
            Tables.Organizations[organizationId] = Tables.Organizations[organizationId] with { Epoch = rows.Epoch };
            foreach (var window in Tables.Windows.Values.Where(w => w.OrganizationId == organizationId).ToArray())
                FollowBudget(rows, window, nowMicros);
            RulesChanged?.Invoke(rows, nowMicros);
            End(transaction);
        });
    }

    public static HashSet<Guid> HardCapped(GovernanceRows rows) =>
        [.. rows.Policies.Values.Where(p => p.Kind == PolicyKind.HardCap && p.BudgetId is not null).Select(p => p.BudgetId!.Value)];

    private void FollowBudget(GovernanceRows rows, WindowRow window, long nowMicros)
    {
        var key = new RowKey(window.OrganizationId, window.WindowId);
        if (window.Span.EndsAt > nowMicros && rows.Budgets.TryGetValue(window.BudgetId, out var budget))
            Tables.Windows[key] = window = window with { Limit = budget.Amount };
        if (!HardCapped(rows).Contains(window.BudgetId)) return;
        var explained = Tables.Excesses.Values.Where(e => e.WindowId == window.WindowId).Sum(e => e.Amount.Value);
        if (CapCut.Unexplained(window, new NanoUsd(explained)) is not { } amount) return;
        var cause = SimIds.CapCut(window.WindowId, rows.Epoch);
        Tables.Excesses.Add((key, cause, 0), new WindowExcess(window.OrganizationId, window.WindowId, ExcessKind.CapCut, cause, 0, amount, nowMicros));
    }

    /// <summary>Whoever has waited longest goes first; a transaction takes its organizations in the order of their ids.</summary>
    private void GrantLocks()
    {
        for (var i = 0; i < _waiting.Count; i++)
        {
            var transaction = _waiting[i];
            while (transaction.Held < transaction.Organizations.Count
                && _holders.TryAdd(transaction.Organizations[transaction.Held], transaction)) transaction.TakenAt.Add(loop.Now);
            if (transaction.Held < transaction.Organizations.Count) continue;
            _waiting.RemoveAt(i);
            transaction.Granted!();
            i = -1;
        }
    }
}

/// <summary>One transaction at the server.</summary>
internal sealed class SimTransaction(SimProcess owner, IReadOnlyList<LedgerCommand> commands, IReadOnlyList<Guid> organizations)
{
    public SimProcess Owner => owner;

    public IReadOnlyList<LedgerCommand> Commands => commands;

    /// <summary>What it locks, in the order of locking.</summary>
    public IReadOnlyList<Guid> Organizations => organizations;

    /// <summary>How many of them it holds.</summary>
    public int Held => TakenAt.Count;

    /// <summary>When it got each of them.</summary>
    public List<long> TakenAt { get; } = [];

    public long BegunAt { get; set; }

    public Action? Granted { get; set; }

    public Action? Lost { get; set; }

    public bool IsOver { get; set; }
}
