using Microsoft.AspNetCore.Builder;

namespace Spendra.Control.Shell;

/// <summary>
/// The mark of operations that only people call who signed in: a token that could make tokens, or accept and leave for its
/// owner, would outlive its own end or do what nobody gave it.
/// </summary>
internal sealed class InPerson
{
    public static InPerson Mark { get; } = new();
}

internal static class InPersonMarks
{
    /// <summary>Refuses personal access tokens.</summary>
    public static RouteHandlerBuilder OnlyInPerson(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(InPerson.Mark);
}
