using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Declarations;

/// <param name="Prune">
/// Archive what is missing from the lists that the file has, and revoke its keys. Otherwise it is left alone.
/// </param>
public sealed record DeclarationOptions(bool Prune = false);

/// <summary>What applying a file would do, or what is wrong with the file.</summary>
public abstract record PlanOutcome
{
    private PlanOutcome()
    {
    }

    /// <summary>Every item of the file, also those that stay as they are, in the order of application.</summary>
    public sealed record Planned(IReadOnlyList<PlannedChange> Changes) : PlanOutcome;

    public sealed record Refused(IReadOnlyList<DeclarationError> Errors) : PlanOutcome;
}

/// <summary>What applying a file did, or what is wrong with the file; then nothing was done.</summary>
public abstract record ApplyOutcome
{
    private ApplyOutcome()
    {
    }

    /// <param name="OrganizationId">Whose.</param>
    /// <param name="Epoch">The governance epoch from now on; unchanged when nothing changed.</param>
    /// <param name="Changes">Every item of the file.</param>
    /// <param name="Keys">New keys with their secrets, shown only here.</param>
    public sealed record Applied(
        Guid OrganizationId, long Epoch, IReadOnlyList<PlannedChange> Changes, IReadOnlyList<IssuedKey> Keys) : ApplyOutcome;

    public sealed record Refused(IReadOnlyList<DeclarationError> Errors) : ApplyOutcome;
}

/// <summary>
/// Governance as a file: parse, compare with what is stored, apply what differs. One file declares one
/// organization, and creates it when its slug is new.
/// </summary>
public static class Declarations
{
    /// <summary>Shows what <see cref="ApplyAsync"/> would do now. Writes nothing.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="masterKey">Tells whether a declared credential is the stored one.</param>
    /// <param name="text">The content of a YAML or JSON file.</param>
    /// <param name="fileName">How errors name the file.</param>
    /// <param name="options">Whether to prune.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="DatabaseUnavailableException">The database cannot be used.</exception>
    public static async Task<PlanOutcome> PlanAsync(
        Database database, MasterKey masterKey, string text, string fileName, DeclarationOptions options,
        CancellationToken cancel)
    {
        var errors = new ErrorList(fileName);
        if (DeclarationParser.Parse(text, errors) is not { } declaration) return new PlanOutcome.Refused(errors.Report());
        return await PlanAsync(database, masterKey, declaration, errors, options, cancel);
    }

    /// <summary>
    /// Plans again under the organization's lock and applies everything or nothing. Applying the same file again
    /// changes nothing, not even the epoch.
    /// </summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="masterKey">Digests key secrets and seals credentials.</param>
    /// <param name="text">The content of a YAML or JSON file.</param>
    /// <param name="fileName">How errors name the file.</param>
    /// <param name="options">Whether to prune.</param>
    /// <param name="author">Whom the audit records name.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="cancel">Stops waiting; never during the commit.</param>
    /// <exception cref="DatabaseUnavailableException">The database cannot be used; nothing was applied.</exception>
    public static async Task<ApplyOutcome> ApplyAsync(
        Database database, MasterKey masterKey, string text, string fileName, DeclarationOptions options,
        ChangeAuthor author, TimeProvider? time, CancellationToken cancel)
    {
        // 1. Parse. A file whose own text is wrong locks nothing, but is still compared, to report everything at once.
        var errors = new ErrorList(fileName);
        if (DeclarationParser.Parse(text, errors) is not { } declaration) return new ApplyOutcome.Refused(errors.Report());
        if (errors.Any)
        {
            await PlanAsync(database, masterKey, declaration, errors, options, cancel);
            return new ApplyOutcome.Refused(errors.Report());
        }

        // 2. Lock and load.
        await using var transaction = await GovernanceTransaction.BeginAsync(
            database, declaration.Organization.Slug, time ?? TimeProvider.System, cancel);
        var state = await transaction.LoadStateAsync(cancel);

        // 3. Decide.
        var inputs = new PlanInputs(masterKey, Guid.CreateVersion7, transaction.NowMicros, options.Prune);
        var writes = DeclarationPlanner.Plan(state, declaration, inputs, errors);
        if (errors.Any) return new ApplyOutcome.Refused(errors.Report());
        var issued = new List<IssuedKey>();
        var changes = WithSecrets(writes, masterKey, issued);

        // 4. Apply.
        var epoch = await transaction.ApplyAsync(changes, author, cancel);
        return new ApplyOutcome.Applied(transaction.OrganizationId, epoch, [.. writes.Select(w => w.Change)], issued);
    }

    private static async Task<PlanOutcome> PlanAsync(
        Database database, MasterKey masterKey, Declaration declaration, ErrorList errors, DeclarationOptions options,
        CancellationToken cancel)
    {
        var now = Micros.Now(TimeProvider.System);
        var state = await GovernanceStateReader.ReadAsync(database, declaration.Organization.Slug, now, cancel);
        var inputs = new PlanInputs(masterKey, Guid.CreateVersion7, now, options.Prune);
        var writes = DeclarationPlanner.Plan(state, declaration, inputs, errors);
        if (errors.Any) return new PlanOutcome.Refused(errors.Report());
        return new PlanOutcome.Planned([.. writes.Select(w => w.Change)]);
    }

    private static List<GovernanceChange> WithSecrets(
        IReadOnlyList<PlannedWrite> writes, MasterKey masterKey, List<IssuedKey> issued)
    {
        var changes = new List<GovernanceChange>(writes.Count);
        foreach (var (_, change) in writes)
        {
            if (change is null) continue;
            if (change.Write is not GovernanceWrite.AddKey add)
            {
                changes.Add(change);
                continue;
            }
            var (write, key) = IssuedKey.Mint(add.Key, masterKey);
            issued.Add(key);
            changes.Add(change with { Write = write });
        }
        return changes;
    }
}
