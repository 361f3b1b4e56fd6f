using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Shell;

/// <summary>
/// How everything is changed: lock and load, decide, check that it is the caller's to change, apply with audit. All or
/// nothing, and the caller's rights are read under the same lock as what they change.
/// </summary>
internal sealed class ChangeDesk(Database database, TimeProvider time)
{
    /// <summary>Runs one change. What decides adds its writes to the draft and answers with what the caller gets.</summary>
    /// <param name="caller">Who changes.</param>
    /// <param name="parts">The tables that the decision looks at, beside the scopes.</param>
    /// <param name="decide">Decides; a problem leaves everything as it is.</param>
    /// <param name="cancel">Stops waiting; never during the commit.</param>
    public Task<Outcome<T>> RunAsync<T>(Caller caller, StateParts parts, Func<Draft, Outcome<T>> decide, CancellationToken cancel) =>
        RunAsync(caller, parts, null, draft => Task.FromResult(decide(draft)), cancel);

    /// <summary>As the other, for decisions that read more under the lock.</summary>
    public Task<Outcome<T>> RunAsync<T>(
        Caller caller, StateParts parts, Func<Draft, Task<Outcome<T>>> decide, CancellationToken cancel) =>
        RunAsync(caller, parts, null, decide, cancel);

    /// <summary>Runs a creation: repeated with the same idempotency key it creates nothing and is answered as the first time.</summary>
    /// <param name="caller">Who creates.</param>
    /// <param name="repetition">The idempotency key of the call, should it have one.</param>
    /// <param name="parts">The tables that the decision looks at, beside the scopes.</param>
    /// <param name="decide">Decides; its answer names the location of what it creates.</param>
    /// <param name="cancel">Stops waiting.</param>
    public Task<Outcome<T>> CreateAsync<T>(
        Caller caller, Repetition repetition, StateParts parts, Func<Draft, Outcome<T>> decide, CancellationToken cancel) =>
        RunAsync(caller, parts, repetition, draft => Task.FromResult(decide(draft)), cancel);

    /// <summary>As the other, for decisions that read more under the lock.</summary>
    public Task<Outcome<T>> CreateAsync<T>(
        Caller caller, Repetition repetition, StateParts parts, Func<Draft, Task<Outcome<T>>> decide, CancellationToken cancel) =>
        RunAsync(caller, parts, repetition, decide, cancel);

    /// <summary>
    /// Decides and checks like a change, and applies nothing: what a change would write, to be tried on the past. Nothing is
    /// locked any more when it returns.
    /// </summary>
    public async Task<Outcome<Rehearsal<T>>> RehearseAsync<T>(
        Caller caller, StateParts parts, Func<Draft, Outcome<T>> decide, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, caller.OrganizationId, time, cancel);
        var authority = caller.Limit(await transaction.LoadAuthorityAsync(caller.MemberId, cancel));
        if (authority.Capabilities.IsEmpty) return Problem.NotFound;
        var draft = new Draft(transaction, await transaction.LoadStateAsync(cancel, parts), caller, authority);
        var outcome = decide(draft);
        if (!outcome.IsDone) return await TellAsync(draft, outcome.Problem, cancel);
        if (await transaction.DenialAsync(draft.Changes, authority, cancel) is { } denial) return Forbidden(denial);
        return Outcome<Rehearsal<T>>.Done(new Rehearsal<T>(outcome.Value, draft.State, draft.Changes, draft.NowMicros));
    }

    /// <summary>
    /// What is told of a change that was not made: how things stand is nothing for those who may not change them. A decision
    /// that forgot to say what it is about tells nothing.
    /// </summary>
    private static async Task<Problem> TellAsync(Draft draft, Problem problem, CancellationToken cancel)
    {
        if (draft.Subject is not { } subject)
        {
            return problem.TellsState ? throw new InvalidOperationException("a decision tells how something stands, and has not said what it is about") : problem;
        }
        var changes = subject.Select(write => new GovernanceChange(write, new ChangeNote("look", "", "", null, null))).ToList();
        return await draft.Transaction.DenialAsync(changes, draft.Authority, cancel) is { } denial ? Forbidden(denial) : problem;
    }

    private static Problem Forbidden(string denial) => new(ProblemKind.Forbidden, $"{char.ToUpperInvariant(denial[0])}{denial[1..]}.");

    private async Task<Outcome<T>> RunAsync<T>(
        Caller caller, StateParts parts, Repetition? repetition, Func<Draft, Task<Outcome<T>>> decide, CancellationToken cancel)
    {
        if (repetition?.Problem is { } malformed) return malformed;

        // 1. Lock and load, the caller's rights as well.
        await using var transaction = await GovernanceTransaction.BeginAsync(database, caller.OrganizationId, time, cancel);
        var authority = caller.Limit(await transaction.LoadAuthorityAsync(caller.MemberId, cancel));
        if (authority.Capabilities.IsEmpty) return Problem.NotFound;
        if (repetition is not null && await repetition.FindAsync<T>(transaction, caller, cancel) is { } earlier) return earlier;
        var state = await transaction.LoadStateAsync(cancel, parts);

        // 2. Decide.
        var draft = new Draft(transaction, state, caller, authority);
        var outcome = await decide(draft);
        if (!outcome.IsDone) return await TellAsync(draft, outcome.Problem, cancel);

        // 3. Check, by the rules that hold for every write.
        if (await transaction.DenialAsync(draft.Changes, authority, cancel) is { } denial) return Forbidden(denial);
        if (repetition?.Receipt(caller, outcome) is { } receipt) draft.Changes.Add(receipt);

        // 4. Apply.
        await transaction.ApplyAsync(draft.Changes, caller.ToAuthor(authority), cancel);
        return outcome;
    }
}

/// <summary>A change that was decided and not applied.</summary>
/// <param name="Value">What its caller would get.</param>
/// <param name="State">What it was decided on.</param>
/// <param name="Changes">What it would write.</param>
/// <param name="NowMicros">When.</param>
internal sealed record Rehearsal<T>(T Value, GovernanceState State, IReadOnlyList<GovernanceChange> Changes, long NowMicros);
