using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Members;

/// <summary>A personal access token as callers see it.</summary>
/// <param name="Id">The beginning of the token: <c>spt_…</c>.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="MemberId">Its owner.</param>
/// <param name="Member">Its owner's address.</param>
/// <param name="Capabilities">What it was given; what holds is what its owner still holds of them.</param>
/// <param name="State"><c>live</c>, <c>revoked</c> or <c>expired</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="LastUsedAt">To the minute; null for one that was never used.</param>
internal sealed record TokenView(
    string Id, string Name, Guid MemberId, string Member, IReadOnlyList<string> Capabilities, string State, DateTime CreatedAt,
    DateTime ExpiresAt, DateTime? LastUsedAt)
{
    public static TokenView Of(ListedToken listed, long nowMicros) => new(
        AccessToken.DisplayName(listed.Row.TokenId), listed.Row.Name, listed.Row.MemberId, listed.Email,
        [.. listed.Row.Capabilities.Select(Core.Access.Capabilities.NameOf)],
        listed.Row.RevokedAt is not null ? "revoked" : listed.Row.ExpiresAt > nowMicros ? "live" : "expired",
        Micros.ToInstant(listed.Row.CreatedAt).UtcDateTime, Micros.ToInstant(listed.Row.ExpiresAt).UtcDateTime,
        listed.Row.LastUsedAt is { } used ? Micros.ToInstant(used).UtcDateTime : null);
}

/// <summary>A new token with its secret, which is shown once.</summary>
internal sealed record CreatedTokenView(TokenView Token, string Secret) : IShownOnce;

/// <summary>A new personal access token.</summary>
public sealed record NewToken
{
    [Plain]
    public required string Name { get; init; }

    /// <summary>A subset of what one holds oneself.</summary>
    [Names]
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>1 to 365 days, 90 when absent.</summary>
    [Range(1, TokenRules.MostDays)]
    public int? ExpiresInDays { get; init; }
}

/// <summary>Personal access tokens: what a member lets automation do in their name.</summary>
internal static class TokenEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/tokens").WithTags("Tokens");
        group.MapGet("", ([AsParameters] PageQuery page, [AsParameters] TokenFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
                ListAsync(page, filter, caller, database, time, cancel))
            .ForMembers("listTokens", "List one's own personal access tokens, or those of others with members.write", null);
        group.MapPost("", (NewToken body, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey, CancellationToken cancel) =>
                CreateAsync(body, repetition, caller, desk, masterKey, cancel))
            .ForMembers("createToken", "Make a personal access token of one's own, with a secret that is shown once", null,
                new NewToken { Name = "nightly report", Capabilities = ["ledger.read", "budgets.read"], ExpiresInDays = 90 },
                ProblemKind.WrongState, ProblemKind.ReplayUnavailable, ProblemKind.IdempotencyMismatch)
            .OnlyInPerson();
        group.MapPost("/{token}/revoke", (string token, SignedIn signedIn, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                RevokeAsync(token, signedIn, caller, desk, cancel))
            .ForMembers("revokeToken", "Revoke a personal access token of one's own, or of others with members.write", null, null, ProblemKind.WrongState);
    }

    private static async Task<Answer<Page<TokenView>>> ListAsync(
        PageQuery query, TokenFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = query.Read("-created", "created");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var after = Guid.Empty;
        if (page.After is { } last && !Guid.TryParse(last[0], out after)) return Problem.Field("cursor", "is not a cursor of this list");
        var member = caller.MemberId;
        if (filter.Member is { } named && named != "all" && !Guid.TryParse(named, out member)) return Problem.Field("member", "is not the id of a member, or 'all'");
        if ((filter.Member == "all" || member != caller.MemberId) && !caller.Authority.Holds(Capability.MembersWrite))
            return new Problem(ProblemKind.Forbidden, $"To see the tokens of others needs the capability {Capabilities.NameOf(Capability.MembersWrite)}, which you do not hold here.");
        var now = Micros.Now(time);
        var rows = await TokenLists.ListAsync(database, caller.OrganizationId, new TokenListQuery(page.Sort[0] == '-',
            page.After is null ? null : after, page.Limit + 1, filter.Member == "all" ? null : member, filter.State), now, cancel);
        return Outcome<Page<TokenView>>.Done(page.Take(rows, r => TokenView.Of(r, now), r => [r.Row.TokenId.ToString()]));
    }

    private static async Task<CreationAnswer<CreatedTokenView>> CreateAsync(
        NewToken body, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey, CancellationToken cancel) =>
        await desk.CreateAsync<CreatedTokenView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var read = TokenRules.ReadCapabilities(body.Capabilities);
            if (!read.IsDone) return read.Problem;
            var row = TokenRules.NewRow(caller.MemberId, body.Name, read.Value, body.ExpiresInDays, draft.NowMicros);
            var (write, issued) = IssuedToken.Mint(row, masterKey);
            draft.About(write);
            var others = await TokenLists.OfMemberAsync(draft.Transaction, caller.MemberId, cancel);
            if (others.Count(t => t.Row.ExpiresAt > draft.NowMicros) >= TokenRules.MostLive)
                return new Problem(ProblemKind.WrongState, $"You have {TokenRules.MostLive} live tokens. Revoke one first.");
            draft.Change(write, "create", "token", issued.Id, null, AccessText.Of(row, caller.Member.Email));
            return Outcome<CreatedTokenView>.Done(
                new CreatedTokenView(TokenView.Of(new ListedToken(row, caller.Member.Email), draft.NowMicros), issued.Secret),
                location: $"/api/v1/organizations/{caller.Organization}/tokens/{issued.Id}");
        }, cancel);

    private static async Task<Answer<TokenView>> RevokeAsync(
        string token, SignedIn signedIn, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<TokenView>(caller, StateParts.Scopes, async draft =>
        {
            if (!AccessToken.TryParseId(token, out var tokenId)) return Problem.NotFound;
            if (await TokenLists.FindAsync(draft.Transaction, tokenId, cancel) is not { } found) return Problem.NotFound;
            var mayAny = draft.Authority.Holds(Capability.MembersWrite);
            if (found.Row.MemberId != caller.MemberId && !mayAny) return Problem.NotFound;
            // One token of an owner is no right over the others.
            if (signedIn.TokenName is not null && !mayAny) return new Problem(ProblemKind.Forbidden, "Sign in for this, or use a token with the capability members.write.");
            var owner = await MemberLists.FindAsync(draft.Transaction, found.Row.MemberId, cancel);
            draft.About(new GovernanceWrite.RevokeToken(found.Row, owner?.Membership));
            if (found.Row.RevokedAt is not null) return new Problem(ProblemKind.WrongState, "It is revoked already.");
            draft.Changes.Add(MemberEnd.TokenEnd(found, owner?.Membership));
            return Outcome<TokenView>.Done(TokenView.Of(found with { Row = found.Row with { RevokedAt = draft.NowMicros } }, draft.NowMicros));
        }, cancel);
}

/// <summary>Which tokens.</summary>
public sealed class TokenFilter
{
    [FromQuery(Name = "member"), Description("The id of a member, or 'all'. Absent: one's own. Others' need members.write.")]
    public string? Member { get; init; }

    [FromQuery(Name = "state"), Description("Only those in this state."), AllowedTexts("live", "revoked", "expired")]
    public string? State { get; init; }
}
