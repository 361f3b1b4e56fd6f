using System.Collections.Frozen;

namespace Spendra.Control;

/// <summary>
/// Which variables of the environment an organization may name as credentials through the management API. The environment is
/// the operator's and holds what belongs to others: to the operator, to other organizations. What is not listed is not theirs.
/// </summary>
public sealed class CredentialVariables
{
    /// <summary>Stands for every variable: for installations of one organization.</summary>
    public const string Any = "*";

    /// <summary>The setting that lists an organization's, before its slug.</summary>
    public const string Setting = "Credentials:Variables:";

    private readonly FrozenDictionary<string, FrozenSet<string>> _lists;

    /// <param name="lists">Names by the organization's slug, both as they are written.</param>
    public CredentialVariables(IReadOnlyDictionary<string, IReadOnlyList<string>> lists) =>
        _lists = lists.ToFrozenDictionary(list => list.Key, list => list.Value.ToFrozenSet(StringComparer.Ordinal), StringComparer.OrdinalIgnoreCase);

    /// <summary>No variable for anybody.</summary>
    public static CredentialVariables None { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    /// <summary>What is wrong with a variable as a credential of an organization, following the field's name; null when nothing is.</summary>
    public string? Complaint(string organization, string variable) =>
        _lists.TryGetValue(organization, out var names) && (names.Contains(variable) || names.Contains(Any)) ? null
            : $"names a variable that is not this organization's to use: the operator of the installation lists it in the setting {Setting}{organization}, or give the secret as 'value'";
}
