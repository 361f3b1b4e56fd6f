using System.ComponentModel.DataAnnotations;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;

namespace Spendra.Control.Shell;

/// <summary>A name that is used in addresses and files.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class SlugAttribute() : ValidationAttribute($"expected {SlugRule.Expected}")
{
    public override bool IsValid(object? value) => value is null || (value is string text && SlugRule.Matches(text));
}

/// <summary>Text that people write: not blank, no control characters, at most so long.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class PlainAttribute(int longest = 200) : ValidationAttribute($"expected 1 to {longest} characters without control characters")
{
    public int Longest { get; } = longest;

    public override bool IsValid(object? value) => value is null || (value is string text && PlainText.Matches(text, Longest));
}

/// <summary>A list with so many items at most, each plain text of a name's length.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NamesAttribute(int most = 1_000) : ValidationAttribute($"expected at most {most} different names of 1 to 200 characters without control characters")
{
    public int Most { get; } = most;

    public override bool IsValid(object? value) => value is null || (value is IReadOnlyList<string> names && names.Count <= Most
        && names.All(n => n is not null && PlainText.Matches(n, 200)) && names.Distinct(StringComparer.Ordinal).Count() == names.Count);
}

/// <summary>A list in which nothing is null: what a type says of items is not looked at when a body is read.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NoNullsAttribute() : ValidationAttribute("expected a list without null")
{
    public override bool IsValid(object? value) => value is null || (value is System.Collections.IEnumerable items && items.Cast<object?>().All(i => i is not null));
}

/// <summary>One of a few words.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class AllowedTextsAttribute(params string[] texts) : ValidationAttribute($"expected one of {string.Join(", ", texts)}")
{
    public IReadOnlyList<string> Texts { get; } = texts;

    public override bool IsValid(object? value) => value is null || (value is string text && Texts.Contains(text, StringComparer.Ordinal));
}

/// <summary>A month of the books.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MonthAttribute() : ValidationAttribute("expected a month such as 2026-10")
{
    public override bool IsValid(object? value) => value is null || (value is string text && AccountingPeriod.TryParse(text, out _));
}
