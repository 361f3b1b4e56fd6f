using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>
/// Reads <c>team/search</c>, <c>organization</c>, or a bare slug where only one kind can be meant.
/// </summary>
internal static class References
{
    private static readonly ScopeKind[] AllKinds = Enum.GetValues<ScopeKind>();

    public static Reference? Scope(FieldReader fields, string field) => One(fields, field, AllKinds);

    public static Reference? Required(FieldReader fields, string field, ScopeKind[] kinds)
    {
        if (!fields.Has(field)) fields.Missing(field, Expected(kinds));
        return One(fields, field, kinds);
    }

    public static Reference? One(FieldReader fields, string field, params ScopeKind[] kinds)
    {
        if (fields.Text(field) is not { } text) return null;
        if (Parse(text, kinds, fields.LineOf(field)) is { } reference) return reference;
        fields.Complain(field, $"'{field}' is '{FieldReader.Short(text)}': expected {Expected(kinds)}");
        return null;
    }

    public static IReadOnlyList<Reference> Many(FieldReader fields, string field, ScopeKind kind)
    {
        var found = new List<Reference>();
        foreach (var scalar in fields.Scalars(field))
        {
            if (Parse(scalar.Text!, [kind], scalar.Line) is { } reference) found.Add(reference);
            else fields.Complain(field, $"'{field}' holds '{FieldReader.Short(scalar.Text!)}': expected {Expected([kind])}");
        }
        return found;
    }

    private static Reference? Parse(string text, ScopeKind[] kinds, int line)
    {
        if (text == "organization")
            return kinds.Contains(ScopeKind.Organization) ? new Reference(ScopeKind.Organization, "", line) : null;
        var slash = text.IndexOf('/');
        if (slash < 0) return kinds.Length == 1 && SlugRule.Matches(text) ? new Reference(kinds[0], text, line) : null;
        if (GovernanceNames.FindScopeKind(text[..slash]) is not { } kind || kind == ScopeKind.Organization) return null;
        return kinds.Contains(kind) && SlugRule.Matches(text[(slash + 1)..]) ? new Reference(kind, text[(slash + 1)..], line) : null;
    }

    private static string Expected(ScopeKind[] kinds)
    {
        var names = kinds.Select(k => k == ScopeKind.Organization ? "organization" : $"{Core.Governance.Scope.KindName(k)}/<slug>");
        return kinds.Length == 1 ? $"a slug or {names.First()}" : $"one of {string.Join(", ", names)}";
    }
}
