using Spendra.Core.Governance;

namespace Spendra.Storage.Governance;

/// <summary>What the data plane reads of the rules. The database is behind it; the simulation stands in for that.</summary>
public interface IGovernanceSource
{
    Task<Guid?> FindOrganizationOfKeyAsync(Guid keyId, CancellationToken cancel);

    /// <summary>The governance epoch, or null when there is no such organization.</summary>
    Task<long?> ReadEpochAsync(Guid organizationId, CancellationToken cancel);

    /// <summary>
    /// The rows of an organization at one moment, or null when there is none.
    /// </summary>
    /// <param name="organizationId">Whose.</param>
    /// <param name="known">Rows of an earlier load; returned as they are when nothing has changed since.</param>
    /// <param name="cancel">Stops waiting.</param>
    Task<GovernanceRows?> LoadAsync(Guid organizationId, GovernanceRows? known, CancellationToken cancel);
}
