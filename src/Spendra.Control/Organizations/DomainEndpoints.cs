using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Organizations;

/// <summary>A domain as callers see it.</summary>
/// <param name="Domain">In lower case.</param>
/// <param name="IsVerified">Whether it is proven to be the organization's.</param>
/// <param name="VerifiedAt">Since when.</param>
/// <param name="Record">What its owner publishes to prove it.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record DomainView(string Domain, bool IsVerified, DateTime? VerifiedAt, DomainRecord Record, DateTime CreatedAt, long Version);

/// <summary>A record of the domain name system.</summary>
internal sealed record DomainRecord(string Name, string Type, string Value);

/// <summary>A domain to prove.</summary>
public sealed record NewDomain
{
    /// <summary>For example <c>acme.example</c>; names of other scripts as <c>xn--…</c>.</summary>
    [Plain]
    public required string Domain { get; init; }
}

/// <summary>
/// The domains of an organization: added, proven by a record that only their owner can publish, removed. A proven domain is
/// one organization's.
/// </summary>
internal static class DomainEndpoints
{
    private const int ChallengeBytes = 20;

    private static readonly Problem Taken = new(ProblemKind.Duplicate, "Another organization has proven that this domain is its own.");

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/domains").WithTags("Domains");
        group.MapGet("", ([AsParameters] PageQuery page, Caller caller, Database database, CancellationToken cancel) =>
                ListAsync(page, caller, database, cancel))
            .ForMembers("listDomains", "List domains", Capability.OrganizationRead);
        group.MapGet("/{domain}", (string domain, Caller caller, Database database, CancellationToken cancel) =>
                GetAsync(domain, caller, database, cancel))
            .ForMembers("getDomain", "Get a domain", Capability.OrganizationRead);
        group.MapPost("", (NewDomain body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                AddAsync(body, repetition, caller, desk, database, cancel))
            .ForMembers("addDomain", "Add a domain with the challenge that proves it", Capability.DomainsWrite,
                new NewDomain { Domain = "acme.example" }, ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
        group.MapPost("/{domain}/verify", (string domain, Caller caller, ChangeDesk desk, Database database, DomainProof proof, CancellationToken cancel) =>
                VerifyAsync(domain, caller, desk, database, proof, cancel))
            .ForMembers("verifyDomain", "Look up the record that proves a domain", Capability.DomainsWrite, null, ProblemKind.Duplicate, ProblemKind.WrongState);
        group.MapPost("/{domain}/remove", (string domain, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                RemoveAsync(domain, match, caller, desk, cancel))
            .ForMembers("removeDomain", "Remove a domain", Capability.DomainsWrite, null, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<DomainView>>> ListAsync(PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("domain", "-domain");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var rows = await DomainRows.ListAsync(database, caller.OrganizationId, page.Sort[0] == '-', page.After?[0], page.Limit + 1, cancel);
        return Outcome<Page<DomainView>>.Done(page.Take(rows, View, r => [r.Domain]));
    }

    private static async Task<Answer<DomainView>> GetAsync(string domain, Caller caller, Database database, CancellationToken cancel) =>
        await FindAsync(domain, caller, database, cancel) is { } row ? Outcome<DomainView>.Done(View(row), row.Version) : Problem.NotFound;

    private static async Task<CreationAnswer<DomainView>> AddAsync(
        NewDomain body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel)
    {
        if (DomainName.Read(body.Domain) is not { } name) return Problem.Field("domain", $"is not {DomainName.Expected}");
        if (await DomainRows.FindOrganizationAsync(database, name, cancel) is { } owner && owner != caller.OrganizationId) return Taken;
        return await desk.CreateAsync<DomainView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var before = await DomainRows.FindAsync(draft.Transaction, name, cancel);
            var challenge = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ChallengeBytes));
            var row = new DomainRow(name, challenge, draft.NowMicros, null, false, (before?.Version ?? 0) + 1);
            draft.About(new GovernanceWrite.PutDomain(row));
            if (before is { IsRemoved: false }) return new Problem(ProblemKind.Duplicate, $"The organization has the domain '{name}' already.");
            draft.Change(new GovernanceWrite.PutDomain(row), "create", "domain", name, null, AccessText.Of(row));
            return Outcome<DomainView>.Done(View(row), row.Version, $"/api/v1/organizations/{caller.Organization}/domains/{name}");
        }, cancel);
    }

    private static async Task<Answer<DomainView>> VerifyAsync(
        string domain, Caller caller, ChangeDesk desk, Database database, DomainProof proof, CancellationToken cancel)
    {
        if (await FindAsync(domain, caller, database, cancel) is not { } seen) return Problem.NotFound;
        if (seen.VerifiedAt is not null) return Outcome<DomainView>.Done(View(seen), seen.Version);
        // Before the lock: nobody waits for a resolver with it.
        switch (await proof.FindAsync(seen.Domain, seen.Challenge, cancel))
        {
            case ProofFinding.Missing:
                return new Problem(ProblemKind.WrongState,
                    $"There is no TXT record {DomainProof.RecordName(seen.Domain)} with the text {DomainProof.RecordValue(seen.Challenge)} yet. New records may take some time to be seen.");
            case ProofFinding.Unanswered:
                return new Problem(ProblemKind.WrongState, $"The look-up of {DomainProof.RecordName(seen.Domain)} failed: no resolver answered. Try again later.");
        }
        return await desk.RunAsync<DomainView>(caller, StateParts.Scopes, async draft =>
        {
            if (await DomainRows.FindAsync(draft.Transaction, seen.Domain, cancel) is not { IsRemoved: false } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutDomain(before));
            // Removed and added again in between: the proof was of another challenge.
            if (before.Challenge != seen.Challenge) return new Problem(ProblemKind.WrongState, "The domain was added again in the meantime. Read its new challenge.");
            if (before.VerifiedAt is not null) return Outcome<DomainView>.Done(View(before), before.Version);
            if (!await DomainRows.ClaimAsync(draft.Transaction, before.Domain, cancel)) return Taken;
            var row = before with { VerifiedAt = draft.NowMicros, Version = before.Version + 1 };
            draft.Change(new GovernanceWrite.PutDomain(row), "verify", "domain", row.Domain, AccessText.Of(before), AccessText.Of(row));
            return Outcome<DomainView>.Done(View(row), row.Version);
        }, cancel);
    }

    private static async Task<Answer<DomainView>> RemoveAsync(
        string domain, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<DomainView>(caller, StateParts.Scopes, async draft =>
        {
            if (DomainName.Read(domain) is not { } name) return Problem.NotFound;
            if (await DomainRows.FindAsync(draft.Transaction, name, cancel) is not { IsRemoved: false } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutDomain(before));
            if (match.Check(before.Version) is { } stale) return stale;
            var row = before with { VerifiedAt = null, IsRemoved = true, Version = before.Version + 1 };
            draft.Change(new GovernanceWrite.PutDomain(row), "remove", "domain", name, AccessText.Of(before), null);
            return Outcome<DomainView>.Done(View(row), row.Version);
        }, cancel);

    private static async Task<DomainRow?> FindAsync(string domain, Caller caller, Database database, CancellationToken cancel) =>
        DomainName.Read(domain) is { } name ? await DomainRows.FindAsync(database, caller.OrganizationId, name, cancel) : null;

    private static DomainView View(DomainRow row) => new(
        row.Domain, row.VerifiedAt is not null, row.VerifiedAt is { } at ? Micros.ToInstant(at).UtcDateTime : null,
        new DomainRecord(DomainProof.RecordName(row.Domain), "TXT", DomainProof.RecordValue(row.Challenge)),
        Micros.ToInstant(row.CreatedAt).UtcDateTime, row.Version);
}
