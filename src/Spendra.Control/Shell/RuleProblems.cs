using System.Collections.Immutable;
using Spendra.Core.Governance;

namespace Spendra.Control.Shell;

/// <summary>Says what a rule of the domain finds wrong, every field of it.</summary>
internal static class RuleProblems
{
    /// <summary>Null when nothing is wrong.</summary>
    /// <param name="faults">The faults.</param>
    /// <param name="group">The group that the fields are in, or null.</param>
    public static Problem? Of(IReadOnlyList<RuleFault> faults, string? group = null)
    {
        if (faults.Count == 0) return null;
        var errors = ImmutableSortedDictionary.Create<string, string[]>(StringComparer.Ordinal);
        foreach (var fault in faults) errors = errors.SetItem(Name(fault), [$"{Text(fault)}."]);
        return Problem.Field(Name(faults[0]), Text(faults[0])) with { Errors = errors };

        string Name(RuleFault fault) => group is null ? fault.Field : $"{group}.{fault.Field}";
    }

    public static Problem Of(RuleFault fault) => Problem.Field(fault.Field, Text(fault));

    private static string Text(RuleFault fault) => fault.IsMissing ? $"is missing: expected {fault.Text}" : fault.Text;
}
