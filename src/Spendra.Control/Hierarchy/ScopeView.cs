using Spendra.Control.Shell;

namespace Spendra.Control.Hierarchy;

/// <summary>A scope as callers see it.</summary>
/// <param name="Kind"><c>branch</c>, <c>team</c>, <c>project</c>, <c>employee</c>, <c>agent</c> or <c>subagent</c>.</param>
/// <param name="Slug">Its name among its kind; never changes.</param>
/// <param name="Name">As people write it.</param>
/// <param name="Parent">What contains or owns it, such as <c>team/search</c>; null directly below the organization.</param>
/// <param name="Email">Of an employee.</param>
/// <param name="Projects">The projects that an employee's keys may name; empty is any.</param>
/// <param name="IsArchived">An archived scope spends nothing; its history stays.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record ScopeView(
    string Kind, string Slug, string Name, string? Parent, string? Email, IReadOnlyList<string> Projects, bool IsArchived, long Version);

/// <summary>A new scope.</summary>
public sealed record NewScope
{
    /// <summary>Its name among its kind; never changes.</summary>
    [Slug]
    public required string Slug { get; init; }

    /// <summary>As people write it; the slug when absent.</summary>
    [Plain]
    public string? Name { get; init; }

    /// <summary>What contains or owns it, such as <c>branch/emea</c>.</summary>
    [Plain]
    public string? Parent { get; init; }

    /// <summary>Of an employee.</summary>
    [Plain, System.ComponentModel.DataAnnotations.EmailAddress]
    public string? Email { get; init; }

    /// <summary>Slugs of the projects that an employee's keys may name.</summary>
    [Names]
    public IReadOnlyList<string>? Projects { get; init; }
}

/// <summary>A scope as it shall be: what is absent is taken away.</summary>
public sealed record EditedScope
{
    [Plain]
    public required string Name { get; init; }

    /// <summary>What contains or owns it; another one moves it, with all that is below.</summary>
    [Plain]
    public string? Parent { get; init; }

    [Plain, System.ComponentModel.DataAnnotations.EmailAddress]
    public string? Email { get; init; }

    [Names]
    public IReadOnlyList<string>? Projects { get; init; }
}
