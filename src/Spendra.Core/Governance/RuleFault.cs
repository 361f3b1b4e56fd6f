namespace Spendra.Core.Governance;

/// <summary>What is wrong with a rule as somebody wrote it, in a file or in a call.</summary>
/// <param name="Field">The field, as files and calls spell it.</param>
/// <param name="Text">Words that follow the field's name; of a missing field, what was expected.</param>
/// <param name="IsMissing">The field is not there.</param>
public readonly record struct RuleFault(string Field, string Text, bool IsMissing = false);
