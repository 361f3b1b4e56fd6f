using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Health;

/// <summary>What runs here, and how safe it is: for those who answer for it. Nothing of it is a secret of another organization.</summary>
internal static class SystemEndpoints
{
    private const int LooksRead = 50;

    private static readonly string Version =
        typeof(SystemEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static void Map(IEndpointRouteBuilder organization) =>
        organization.MapGet("/system", GetAsync).WithTags("System").ForMembers("getSystem", "Get the version, the database and the latest looks for prices", Capability.OrganizationRead);

    private static async Task<Answer<SystemView>> GetAsync(Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var asked = time.GetTimestamp();
        await DatabaseHealth.PingAsync(database, cancel);
        var took = time.GetElapsedTime(asked);
        var durability = await database.ReadDurabilityAsync(cancel);
        var looks = await PriceProposals.ListRunsAsync(database, caller.OrganizationId, LooksRead, cancel);
        return Outcome<SystemView>.Done(new SystemView(Version, database.Engine.ToString().ToLowerInvariant(), durability, (long)took.TotalMilliseconds,
            [.. looks.DistinctBy(l => l.Source).Select(PriceLookView.Of)]));
    }
}

/// <summary>What runs here.</summary>
/// <param name="Version">Of Spendra.</param>
/// <param name="Database">Which: <c>sqlite</c> or <c>postgres</c>.</param>
/// <param name="Durability">How safe an acknowledged commit is, as the database says.</param>
/// <param name="DatabaseMs">How long the database took to answer just now.</param>
/// <param name="PriceLooks">The latest look for prices at each source.</param>
internal sealed record SystemView(string Version, string Database, string Durability, long DatabaseMs, IReadOnlyList<PriceLookView> PriceLooks);

/// <summary>A look for new prices.</summary>
/// <param name="Source">Where.</param>
/// <param name="EndedAt">When.</param>
/// <param name="Outcome"><c>proposed</c>, <c>unchanged</c> or <c>failed</c>.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="PricesRead">How many prices the source had.</param>
/// <param name="ProposalId">What it proposed.</param>
internal sealed record PriceLookView(string Source, DateTime EndedAt, string Outcome, string? Failure, long PricesRead, Guid? ProposalId)
{
    public static PriceLookView Of(PriceSyncRun run) => new(run.Source, Micros.ToInstant(run.EndedAt).UtcDateTime, run.Outcome.ToString().ToLowerInvariant(), run.Failure,
        run.PricesRead, run.ProposalId);
}
