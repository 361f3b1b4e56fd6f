using System.Collections.Immutable;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Members;

/// <summary>A token as the operator makes one. Texts are as people type them.</summary>
public sealed record TokenRequest
{
    public required string Name { get; init; }

    /// <summary>The member's address.</summary>
    public required string Email { get; init; }

    /// <summary>Null gives everything that the member's role has.</summary>
    public IReadOnlyList<string>? Capabilities { get; init; }

    /// <summary>1 to 365; null is 90.</summary>
    public int? Days { get; init; }
}

/// <summary>Personal access tokens as the operator makes and revokes them at the command line.</summary>
public static class OperatorTokens
{
    private const int PageRows = 1_000;

    /// <summary>Makes a token and returns its secret, which is never shown again.</summary>
    public static async Task<OperatorAnswer<IssuedToken>> CreateAsync(
        Database database, MasterKey masterKey, string organization, TokenRequest request, ChangeAuthor author, TimeProvider time, CancellationToken cancel)
    {
        if (!PlainText.Matches(request.Name, 200)) return OperatorAnswer<IssuedToken>.No("the name is not plain text of 1 to 200 characters");
        if (request.Days is < 1 or > TokenRules.MostDays) return OperatorAnswer<IssuedToken>.No($"a token lives 1 to {TokenRules.MostDays} days");
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization, time, cancel);
        if (transaction.IsNew) return OperatorAnswer<IssuedToken>.No($"organization '{organization}' does not exist");
        if (await MemberLists.FindOfEmailAsync(transaction, request.Email, cancel) is not { IsRemoved: false } member)
            return OperatorAnswer<IssuedToken>.No($"'{request.Email}' is no member: expected an address from the list of members");
        var held = member.Membership.ToAuthority().Capabilities;
        ImmutableArray<Capability> capabilities = [.. Capabilities.All.Where(held.Holds)];
        if (request.Capabilities is { } names)
        {
            var read = TokenRules.ReadCapabilities(names);
            if (!read.IsDone) return OperatorAnswer<IssuedToken>.No(read.Problem.Detail.TrimEnd('.'));
            // Not a rule that binds the operator: what the member does not hold would only look as if the token could do it.
            if (!CapabilitySet.Of(read.Value.AsSpan()).IsWithin(held)) return OperatorAnswer<IssuedToken>.No($"{member.Email} does not hold all of these capabilities");
            capabilities = read.Value;
        }
        if (capabilities.IsEmpty) return OperatorAnswer<IssuedToken>.No($"{member.Email} has no role, and so no capability that a token could have");
        var (write, issued) = IssuedToken.Mint(TokenRules.NewRow(member.MemberId, request.Name, capabilities, request.Days, transaction.NowMicros), masterKey);
        await transaction.ApplyAsync(
            [new GovernanceChange(write, new ChangeNote("create", "token", issued.Id, null, AccessText.Of(issued.Row, member.Email).ToJson()))], author, cancel);
        return OperatorAnswer<IssuedToken>.Of(issued);
    }

    /// <summary>Every token of an organization, oldest first, revoked ones included.</summary>
    public static async Task<IReadOnlyList<ListedToken>> ListAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        var all = new List<ListedToken>();
        for (Guid? after = null; ;)
        {
            var page = await TokenLists.ListAsync(database, organizationId, new TokenListQuery(false, after, PageRows, null), 0, cancel);
            all.AddRange(page);
            if (page.Count < PageRows) return all;
            after = page[^1].Row.TokenId;
        }
    }

    /// <summary>Revokes a token for good. Revoking again changes nothing.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="organization">The organization's slug.</param>
    /// <param name="id">The token's id as lists show it, or the token itself.</param>
    /// <param name="author">Whom the audit record names.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<OperatorAnswer<ListedToken>> RevokeAsync(
        Database database, string organization, string id, ChangeAuthor author, TimeProvider time, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization, time, cancel);
        if (transaction.IsNew) return OperatorAnswer<ListedToken>.No($"organization '{organization}' does not exist");
        if (!AccessToken.TryParseId(id, out var tokenId) || await TokenLists.FindAsync(transaction, tokenId, cancel) is not { } found)
            return OperatorAnswer<ListedToken>.No("there is no such token: expected an id from the list of tokens");
        if (found.Row.RevokedAt is null)
        {
            var owner = await MemberLists.FindAsync(transaction, found.Row.MemberId, cancel);
            await transaction.ApplyAsync([MemberEnd.TokenEnd(found, owner?.Membership)], author, cancel);
            found = found with { Row = found.Row with { RevokedAt = transaction.NowMicros } };
        }
        else
        {
            await transaction.ApplyAsync([], author, cancel);
        }
        return OperatorAnswer<ListedToken>.Of(found);
    }
}
