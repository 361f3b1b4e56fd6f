using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Organizations;

/// <summary>The first member of an installation.</summary>
public sealed record NewInstallation
{
    /// <summary>The secret from the end of the setup link that the server printed.</summary>
    [Plain]
    public required string Secret { get; init; }

    /// <summary>The organization's slug. One that exists gets its first org admin, another one is made.</summary>
    [Slug]
    public required string Organization { get; init; }

    /// <summary>As people write it, for an organization that is made; the slug when absent.</summary>
    [Plain]
    public string? OrganizationName { get; init; }

    /// <summary>The zone of new budgets, for an organization that is made; UTC when absent.</summary>
    [Plain]
    public string? TimeZone { get; init; }

    /// <summary>The first org admin's address.</summary>
    [Plain, EmailAddress]
    public required string Email { get; init; }

    /// <summary>The first org admin's name.</summary>
    [Plain]
    public required string Name { get; init; }

    /// <summary>To sign in with; absent where people sign in through a provider of identities.</summary>
    [StringLength(PasswordRule.Longest, MinimumLength = PasswordRule.Shortest)]
    public string? Password { get; init; }
}

/// <summary>What was set up, with a token that is shown once.</summary>
/// <param name="Organization">The organization's slug.</param>
/// <param name="MemberId">The first org admin.</param>
/// <param name="Email">Their address.</param>
/// <param name="Token">A personal access token with all capabilities.</param>
/// <param name="ExpiresAt">When the token ends.</param>
internal sealed record InstallationView(string Organization, Guid MemberId, string Email, string Token, DateTime ExpiresAt) : IShownOnce;

/// <summary>The first start without a member: whoever has the secret of the setup link becomes the first org admin, once.</summary>
internal static class SetupEndpoint
{
    private const int TokenDays = 30;
    private const string TokenName = "setup";

    private static readonly Problem Useless = new(ProblemKind.Forbidden,
        "This is no secret of a setup link that is still good. Start 'spendra serve' again: while there is no member it prints a new link.");

    public static void Map(IEndpointRouteBuilder version) =>
        version.MapPost("/setup", (NewInstallation body, HttpContext http, Database database, MasterKey masterKey, TimeProvider time, CancellationToken cancel) =>
                SetUpAsync(body, http, database, masterKey, time, cancel))
            .WithTags("Setup")
            .ForAnybody("setUp", "Make the first org admin with the secret of the setup link", new NewInstallation
            {
                Secret = "sps_…", Organization = "acme", OrganizationName = "Acme Corporation", TimeZone = "Europe/Madrid",
                Email = "ada@acme.example", Name = "Ada Lovelace",
            }, ProblemKind.Forbidden);

    private static async Task<CreationAnswer<InstallationView>> SetUpAsync(
        NewInstallation body, HttpContext http, Database database, MasterKey masterKey, TimeProvider time, CancellationToken cancel)
    {
        if (body.TimeZone is { } zone && ZoneName.Find(zone) is null) return Problem.Field("timeZone", "is no IANA time zone such as Europe/Madrid");
        if (body.Password is { } wanted && PasswordRule.Fault(wanted, body.Email, body.Name) is { } weak) return Problem.Field("password", weak);
        // Looked at before anything is written for somebody who only guesses.
        if (!OneTimeLink.TryParse(OneTimePurpose.Setup, body.Secret, out var link)
            || !await SetupLink.IsOfferedAsync(database, link, masterKey, cancel)) return Useless;
        var email = body.Email.ToLowerInvariant();
        var userId = await UserDirectory.FindOrAddAsync(database, email, body.Name, Micros.Now(time), cancel);

        if (!await SetupLink.UseAsync(database, link, masterKey, cancel)) return Useless;
        try
        {
            // The secret makes its bearer the operator, for this once.
            var author = new ChangeAuthor($"{email} by the setup link", $"api {http.Connection.RemoteIpAddress} request {RequestIds.Of(http)}");
            return await MakeAsync(body, email, userId, author, database, masterKey, time, cancel);
        }
        catch
        {
            await SetupLink.GiveBackAsync(database, link, masterKey);
            throw;
        }
    }

    private static async Task<Outcome<InstallationView>> MakeAsync(
        NewInstallation body, string email, Guid userId, ChangeAuthor author, Database database, MasterKey masterKey, TimeProvider time, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, body.Organization, time, cancel);
        var changes = new List<GovernanceChange>();
        if (transaction.IsNew)
        {
            var made = new OrganizationRow(transaction.OrganizationId, body.Organization, body.OrganizationName ?? body.Organization, "USD", body.TimeZone ?? "UTC");
            changes.Add(new GovernanceChange(new GovernanceWrite.PutOrganization(made),
                new ChangeNote("create", "organization", made.Slug, null, Description.Of(made).ToJson())));
        }
        var before = transaction.IsNew ? null : await MemberLists.FindOfEmailAsync(transaction, email, cancel);
        var membership = new Membership(before?.MemberId ?? Guid.CreateVersion7(), MemberRole.OrgAdmin, []);
        var member = new MemberRow(membership, userId, email, body.Name, null, IsRemoved: false, Version: 1);
        changes.Add(new GovernanceChange(new GovernanceWrite.PutMember(member, before),
            new ChangeNote("create", "member", email, null, AccessText.Of(member, id => id.ToString(), body.Password is not null).ToJson())));
        var (write, issued) = IssuedToken.Mint(new AccessTokenRow
        {
            TokenId = Guid.CreateVersion7(), MemberId = member.MemberId, Name = TokenName, Capabilities = [.. Capabilities.All],
            ExpiresAt = Micros.Of(time.GetUtcNow().AddDays(TokenDays)),
        }, masterKey);
        changes.Add(new GovernanceChange(write, new ChangeNote("create", "token", issued.Id, null, AccessText.Of(issued.Row, email).ToJson())));
        if (body.Password is { } password)
            await People.SetPasswordAsync(transaction, userId, new PasswordHasher<MemberRow>().HashPassword(member, password), cancel);

        await transaction.ApplyAsync(changes, author, cancel);
        return Outcome<InstallationView>.Done(
            new InstallationView(body.Organization, member.MemberId, email, issued.Secret, Micros.ToInstant(issued.Row.ExpiresAt).UtcDateTime),
            location: $"/api/v1/organizations/{body.Organization}");
    }
}
