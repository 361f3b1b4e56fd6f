using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Access;

namespace Spendra.Control.Shell;

/// <summary>Who may call an operation at all; over which scopes is decided with what it touches.</summary>
internal enum Audience
{
    /// <summary>Anybody, signed in or not.</summary>
    Anybody,
    /// <summary>Whoever is signed in.</summary>
    SignedIn,
    /// <summary>Members of the organization in the path who hold the operation's capability.</summary>
    Members,
}

/// <summary>
/// The mark that every endpoint of the management API carries: without one nobody may call it. The gate, the document and
/// the census of rights read nothing else.
/// </summary>
internal sealed record Operation
{
    /// <summary>Unique, for programs: <c>listTeams</c>.</summary>
    public required string Name { get; init; }

    public required string Summary { get; init; }

    public required Audience Audience { get; init; }

    /// <summary>What a member must hold; null where being a member with any role is enough.</summary>
    public Capability? Needs { get; init; }

    /// <summary>True for what only somebody at a browser does, with a session: no token changes how its owner signs in.</summary>
    public bool NeedsSession { get; init; }

    /// <summary>True for what a session that began a while ago does not: who finds a browser open shall not take the account.</summary>
    public bool NeedsFreshSession { get; init; }

    /// <summary>True where others decide which parameters a call has.</summary>
    public bool TakesAnyQuery { get; init; }

    /// <summary>What can go wrong beside what every operation of this kind shares.</summary>
    public IReadOnlyList<ProblemKind> Problems { get; init; } = [];

    /// <summary>A body that the operation accepts, as the document shows it; null where there is none.</summary>
    public object? Example { get; init; }
}

internal static class OperationMarks
{
    /// <summary>Marks an endpoint as an operation for members.</summary>
    public static RouteHandlerBuilder ForMembers(
        this RouteHandlerBuilder endpoint, string name, string summary, Capability? needs, object? example = null, params ProblemKind[] problems) =>
        endpoint.Mark(new Operation { Name = name, Summary = summary, Audience = Audience.Members, Needs = needs, Example = example, Problems = problems });

    /// <summary>Marks an endpoint as an operation for whoever is signed in.</summary>
    public static RouteHandlerBuilder ForSignedIn(
        this RouteHandlerBuilder endpoint, string name, string summary, object? example = null, params ProblemKind[] problems) =>
        endpoint.Mark(new Operation { Name = name, Summary = summary, Audience = Audience.SignedIn, Example = example, Problems = problems });

    /// <summary>Marks an endpoint as an operation for whoever is signed in at a browser; a fresh one wants that to be recent.</summary>
    public static RouteHandlerBuilder ForSession(
        this RouteHandlerBuilder endpoint, string name, string summary, bool isFresh = false, object? example = null, params ProblemKind[] problems) =>
        endpoint.Mark(new Operation
        {
            Name = name, Summary = summary, Audience = Audience.SignedIn, NeedsSession = true, NeedsFreshSession = isFresh, Example = example,
            Problems = [ProblemKind.Forbidden, .. isFresh ? (ProblemKind[])[ProblemKind.SignInAgain] : [], .. problems],
        });

    /// <summary>Marks an endpoint as open to anybody.</summary>
    public static RouteHandlerBuilder ForAnybody(
        this RouteHandlerBuilder endpoint, string name, string summary, object? example = null, params ProblemKind[] problems) =>
        endpoint.Mark(new Operation { Name = name, Summary = summary, Audience = Audience.Anybody, Example = example, Problems = problems });

    private static RouteHandlerBuilder Mark(this RouteHandlerBuilder endpoint, Operation operation) =>
        endpoint.WithName(operation.Name).WithSummary(operation.Summary).WithMetadata(operation);
}
