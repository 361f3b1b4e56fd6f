using System.Reflection;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Access;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Shell;

/// <summary>Who calls, in which organization, and what they may do there. Made by <see cref="AccessGate"/>.</summary>
internal sealed record Caller
{
    public required Guid OrganizationId { get; init; }

    /// <summary>The organization's slug: the first part of every location below it.</summary>
    public required string Organization { get; init; }

    public required MemberRow Member { get; init; }

    /// <summary>What a token leaves of its member's capabilities; everything for somebody who signed in.</summary>
    public required CapabilitySet Mask { get; init; }

    /// <summary>How audit records name the caller: <c>ada@acme.example</c>, or <c>ada@acme.example by token nightly</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>Where the call came from: <c>api 10.1.2.3 request 0198…</c>.</summary>
    public required string Origin { get; init; }

    /// <summary>Why, in the caller's words: the header <c>x-spendra-reason</c>.</summary>
    public string? Reason { get; init; }

    public Authority Authority => Limit(Member.Membership.ToAuthority());

    public Guid MemberId => Member.MemberId;

    /// <summary>What lists show: everything, or what lies in the member's scopes.</summary>
    public Coverage Coverage => new(OrganizationId, MemberId,
        Authority.CoversEverything || Authority.ScopeIds.Contains(OrganizationId));

    public Authority Limit(Authority authority) => authority with { Capabilities = authority.Capabilities & Mask };

    public ChangeAuthor ToAuthor(Authority authority) => new(Actor, Origin, Reason) { Authority = authority };

    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<Caller?>(context.Features.Get<Caller>()
            ?? throw new InvalidOperationException("this endpoint is not marked as an operation for members"));
}
