using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Organizations;

/// <summary>An organization as callers see it.</summary>
/// <param name="Slug">Its name in addresses; never changes.</param>
/// <param name="Name">As people write it.</param>
/// <param name="Currency">What everything is counted in.</param>
/// <param name="TimeZone">The zone of new budgets, an IANA name.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record OrganizationView(string Slug, string Name, string Currency, string TimeZone, long Version);

/// <summary>An organization as it shall be.</summary>
public sealed record EditedOrganization
{
    [Plain]
    public required string Name { get; init; }

    /// <summary>The zone of new budgets; those that exist keep theirs.</summary>
    [Plain]
    public required string TimeZone { get; init; }
}

/// <summary>The organization itself: read and renamed.</summary>
internal static class OrganizationEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("").WithTags("Organization");
        group.MapGet("", (Caller caller, Database database, CancellationToken cancel) => GetAsync(caller, database, cancel))
            .ForMembers("getOrganization", "Get the organization", Capability.OrganizationRead);
        group.MapPut("", (EditedOrganization body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                EditAsync(body, match, caller, desk, cancel))
            .ForMembers("updateOrganization", "Rename the organization or change its time zone", Capability.OrganizationWrite,
                new EditedOrganization { Name = "Acme Corporation", TimeZone = "Europe/Madrid" }, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<OrganizationView>> GetAsync(Caller caller, Database database, CancellationToken cancel)
    {
        var found = await OrganizationReader.ReadAsync(database, caller.OrganizationId, cancel);
        return Outcome<OrganizationView>.Done(View(found.Row, found.ChangedEpoch), found.ChangedEpoch);
    }

    private static async Task<Answer<OrganizationView>> EditAsync(
        EditedOrganization body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<OrganizationView>(caller, StateParts.Scopes, draft =>
        {
            var before = draft.State.Organization!;
            var version = draft.State.Scopes.Single(s => s.Scope.ScopeId == draft.State.OrganizationId).ChangedEpoch;
            draft.About(new GovernanceWrite.PutOrganization(before));
            if (match.Check(version) is { } stale) return stale;
            if (ZoneName.Find(body.TimeZone) is null) return Problem.Field("timeZone", "is no IANA time zone such as Europe/Madrid");
            var row = before with { Name = body.Name, TimeZone = body.TimeZone };
            draft.Change(new GovernanceWrite.PutOrganization(row), "update", "organization", row.Slug, Description.Of(before), Description.Of(row));
            return Outcome<OrganizationView>.Done(View(row, draft.NextVersion), draft.NextVersion);
        }, cancel);

    private static OrganizationView View(OrganizationRow row, long version) => new(row.Slug, row.Name, row.Currency, row.TimeZone, version);
}
