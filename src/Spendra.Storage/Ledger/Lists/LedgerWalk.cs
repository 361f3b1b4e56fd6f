using System.Buffers.Binary;
using Dapper;
using Spendra.Storage.Access;

namespace Spendra.Storage.Ledger.Lists;

/// <summary>
/// One step of a walk through a large table: what was found, and where to go on. A step looks at so many rows at most, so that a
/// filter that few rows pass costs no more than one that all pass; then it finds fewer rows than were asked for, perhaps none.
/// </summary>
/// <param name="Rows">In order.</param>
/// <param name="Next">The key behind which the next step begins; null at the end.</param>
public sealed record WalkStep<TRow, TKey>(IReadOnlyList<TRow> Rows, TKey? Next) where TKey : struct;

/// <summary>The key of a spend event.</summary>
public readonly record struct EventKey(Guid ReservationId, int Number);

/// <summary>What the walks through the ledger have in common.</summary>
internal static class LedgerWalk
{
    /// <summary>Rows that one step looks at.</summary>
    public const int MostExamined = 2_500;

    private const string Covered = Coverage.Scopes + "SELECT scope_id FROM covered";

    private const string OneScope = "SELECT scope_id FROM scopes WHERE organization_id = @OrganizationId AND kind = @kind AND slug = @slug";

    // Gateways' clocks differ a little, and an id is made a moment before its reservation is dated.
    private const long MarginMicros = 3_600_000_000;

    /// <summary>Ids that sort before and after every id there is.</summary>
    public static Guid First => Guid.Empty;

    public static Guid Last => Guid.AllBitsSet;

    /// <summary>Ids below this were made before an instant, as far as clocks agree.</summary>
    public static Guid LowerBound(long? micros) => micros is { } from ? IdAt(from - MarginMicros) : First;

    /// <summary>As <see cref="LowerBound"/>, for an end.</summary>
    public static Guid UpperBound(long? micros) => micros is { } to ? IdAt(to + MarginMicros) : Last;

    public static Guid Least(Guid a, Guid b) => a.CompareTo(b) < 0 ? a : b;

    /// <summary>The scopes that the member sees; null is all.</summary>
    public static async Task<HashSet<Guid>?> CoveredAsync(
        System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, Coverage coverage, CancellationToken cancel) =>
        coverage.IsEverything ? null : [.. await connection.QueryAsync<Guid>(new CommandDefinition(
            Covered, new { coverage.OrganizationId, coverage.MemberId }, transaction, cancellationToken: cancel))];

    /// <summary>The scope that <c>team/search</c> names, or an id that no row has.</summary>
    public static async Task<Guid?> ScopeAsync(
        System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, Guid organizationId, string? reference,
        CancellationToken cancel)
    {
        if (reference is null) return null;
        if (reference == "organization") return organizationId;
        var at = reference.IndexOf('/', StringComparison.Ordinal);
        if (at < 0) return Guid.Empty;
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(OneScope,
            new { OrganizationId = organizationId, kind = reference[..at], slug = reference[(at + 1)..] }, transaction, cancellationToken: cancel)) ?? Guid.Empty;
    }

    /// <summary>Whether a packed list of scopes holds one that is seen, and the one that is asked for.</summary>
    public static bool IsSeen(byte[]? scopeIds, HashSet<Guid>? covered, Guid? wanted)
    {
        if (covered is null && wanted is null) return true;
        bool isCovered = covered is null, isWanted = wanted is null;
        for (var at = 0; at + PackedIds.IdBytes <= (scopeIds?.Length ?? 0); at += PackedIds.IdBytes)
        {
            var id = new Guid(scopeIds.AsSpan(at, PackedIds.IdBytes), bigEndian: true);
            isCovered |= covered?.Contains(id) == true;
            isWanted |= id == wanted;
        }
        return isCovered && isWanted;
    }

    private static Guid IdAt(long micros)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, Math.Max(0, micros / 1_000) << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
