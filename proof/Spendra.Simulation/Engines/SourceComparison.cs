using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Simulation.Store;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Engines;

/// <summary>Everything that gateways and workers read beside the lane.</summary>
internal sealed record LedgerSources(
    IGovernanceSource Governance, IReservationSource Reservations, IProviderObjectSource Objects, IDoubtSource Doubts)
{
    public static LedgerSources Of(Database database) =>
        new(new GovernanceReader(database), new ReservationReader(database), new ProviderObjectReader(database), new SweepQueries(database));

    public static LedgerSources Of(SimSources sources) => new(sources, sources, sources, sources);
}

/// <summary>
/// Asks the readers of the simulated world and the real ones the same questions about a script that both have played, and
/// holds the answers against each other. Last come the questions that change something: what is forgotten is gone in both.
/// </summary>
internal static class SourceComparison
{
    private static readonly long[] Delays = [-120_000_000, -30_000_000, 0, 30_000_000, 120_000_000];

    /// <param name="real">The real one.</param>
    /// <param name="played">The simulated one.</param>
    /// <param name="tamper">Puts something else in the place of the simulated readers, so that it can be seen that it is noticed.</param>
    public static async Task<IReadOnlyList<string>> CompareAsync(RealLedger real, PlayedScript played, Func<LedgerSources, LedgerSources>? tamper = null)
    {
        var simulated = LedgerSources.Of(new SimSources(played.Store, played.Process));
        if (tamper is not null) simulated = tamper(simulated);
        var differences = new List<string>();
        foreach (var (question, ask) in QuestionsAbout(real.Rules.Rows, played))
        {
            var expected = Simulated(played, () => ask(simulated));
            var found = await ask(LedgerSources.Of(real.Database));
            if (expected != found) differences.Add($"{question}: simulated {expected}; real {found}");
        }
        differences.AddRange(StoreComparison.DifferencesBetween(StoreDump.Of(played.Store), await real.DumpAsync()).Select(d => $"after forgetting, {d}"));
        return differences;
    }

    private static IEnumerable<(string Question, Func<LedgerSources, Task<string>> Ask)> QuestionsAbout(GovernanceRows founded, PlayedScript played)
    {
        var organization = founded.OrganizationId;
        Guid[] ids = [.. played.Commands.Select(c => c.ReservationId).Distinct(), Guid.NewGuid()];
        return
        [
            .. OfRules(founded),
            .. ids.SelectMany(id => OfReservation(organization, id)),
            .. OfObjects(organization, played),
            .. OfDoubts(played),
            .. Forgetting(played),
        ];
    }

    private static IEnumerable<(string, Func<LedgerSources, Task<string>>)> OfRules(GovernanceRows founded)
    {
        var (organization, nobody) = (founded.OrganizationId, Guid.NewGuid());
        foreach (var key in founded.Keys.Keys.Append(nobody))
            yield return ($"organization of key {key}", async s => $"{await s.Governance.FindOrganizationOfKeyAsync(key, default)}");
        foreach (var id in (Guid[])[organization, nobody])
        {
            yield return ($"epoch of {id}", async s => $"{await s.Governance.ReadEpochAsync(id, default)}");
            yield return ($"rules of {id}", async s => RulesText.Of(await s.Governance.LoadAsync(id, null, default), founded));
        }
        yield return ("rules since the beginning", async s => RulesText.Of(await s.Governance.LoadAsync(organization, founded, default), founded));
        yield return ("rules that have not changed", async s =>
        {
            var known = await s.Governance.LoadAsync(organization, null, default);
            return $"the same: {ReferenceEquals(known, await s.Governance.LoadAsync(organization, known, default))}";
        });
    }

    private static IEnumerable<(string, Func<LedgerSources, Task<string>>)> OfReservation(Guid organization, Guid id)
    {
        yield return ($"pending {id}", async s => await s.Reservations.FindPendingAsync(organization, id, default) is { } p
            ? StoreDump.Line("pending", p.ReservationId, p.Terms, PackedIds.Pack(p.WindowIds)) : "none");
        yield return ($"settlement {id}", async s => $"{await s.Reservations.FindSettlementAsync(organization, id, default)}");
        yield return ($"elsewhere {id}", async s => $"{await s.Reservations.FindPendingAsync(Guid.Empty, id, default)}{await s.Reservations.FindSettlementAsync(Guid.Empty, id, default)}");
    }

    private static IEnumerable<(string, Func<LedgerSources, Task<string>>)> OfObjects(Guid organization, PlayedScript played)
    {
        string[] ids = [.. played.Store.Objects.Keys.Select(o => o.ObjectId).Order(StringComparer.Ordinal), "nothing"];
        foreach (var (id, kind) in ids.SelectMany(id => Enum.GetValues<ObjectKind>().Select(kind => (id, kind))))
            yield return ($"{kind} {id}", async s => $"{await s.Objects.FindAsync(organization, id, kind, default)}");
        foreach (var after in (string?[])[.. ids, null])
        {
            foreach (var page in (FilePage[])[new(100, true, after, null), new(100, false, after, null), new(3, true, after, "batch"), new(3, false, after, "other"), new(100, true, after, null) { IsTest = true }])
                yield return ($"files {page}", async s => string.Join("; ", await s.Objects.ListFilesAsync(organization, page, default)));
        }
    }

    private static IEnumerable<(string, Func<LedgerSources, Task<string>>)> OfDoubts(PlayedScript played)
    {
        var last = LastInstant(played);
        foreach (var now in Delays.Select(d => last + d))
        {
            yield return ($"expired at {now}", async s => Text(await s.Doubts.FindExpiredAsync(now, 1_000, default)));
            yield return ($"two expired at {now}", async s => $"{(await s.Doubts.FindExpiredAsync(now, 2, default)).Count}");
        }
        foreach (var gateway in (Guid[])[SimIds.Of(9), SimIds.Of(700), Guid.NewGuid()])
            yield return ($"of gateway {gateway}", async s => Text(await s.Doubts.FindOfGatewayAsync(gateway, 1_000, default)));
        yield return ("holders", async s => string.Join("; ", (await s.Doubts.ReadHoldersAsync(default)).Order()));
    }

    /// <summary>A part at first, so that what may be kept is seen to be kept; then one less than all; then all.</summary>
    private static IEnumerable<(string, Func<LedgerSources, Task<string>>)> Forgetting(PlayedScript played)
    {
        var instants = played.Store.Tables.IdempotencyUsedAt.Values.Order().ToList();
        var last = LastInstant(played);
        foreach (var before in (long[])[0, instants.Count == 0 ? 0 : instants[instants.Count / 2], last + 1])
            yield return ($"keys forgotten before {before}", async s => $"{await s.Doubts.ForgetIdempotencyKeysAsync(before, 1_000, default)}");
        foreach (var before in (long[])[0, last - 20_000_000, last + 1])
        {
            yield return ($"gateways forgotten before {before}", async s =>
            {
                await s.Doubts.ForgetGatewaysAsync(before, default);
                return "";
            });
        }
    }

    private static long LastInstant(PlayedScript played) => played.Commands.OfType<ReserveCommand>().Max(c => c.Reservation.ReservedAt);

    private static string Text(IEnumerable<DoubtfulReservation> doubts) => string.Join("; ", doubts
        .Select(d => StoreDump.Line("doubt", d.OrganizationId, d.ReservationId, PackedIds.Pack(d.WindowIds))).Order(StringComparer.Ordinal));

    /// <summary>An answer that comes through the simulated world, in its own time.</summary>
    private static string Simulated(PlayedScript played, Func<Task<string>> ask)
    {
        played.Loop.MoveHere();
        var answer = "";
        var asking = played.Process.Run(async () => answer = await ask());
        if (!played.Loop.RunUntil(() => asking.IsCompleted, 60_000_000)) return "no answer";
        return asking.Exception is { } failure ? failure.InnerException!.Message : answer;
    }
}
