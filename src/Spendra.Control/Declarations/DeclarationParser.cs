using Spendra.Core.Governance;
using Spendra.Storage;

namespace Spendra.Control.Declarations;

/// <summary>
/// Turns a YAML or JSON file into a declaration, or says everything that is wrong with it. What only the stored
/// rows can tell (whether a reference leads anywhere) is the planner's business.
/// </summary>
internal static class DeclarationParser
{
    private static readonly string[] Lists =
        ["organization", "branches", "teams", "projects", "employees", "agents", "subagents", "providerAccounts", "prices", "budgets", "policies", "keys"];

    /// <summary>Null when not even the organization could be read; otherwise what could be, with complaints about the rest.</summary>
    public static Declaration? Parse(string text, ErrorList errors)
    {
        if (NodeReader.Read(text, errors) is not { } root) return null;
        if (root is not MapNode map)
        {
            errors.Add(root.Line, $"the file is {root.Shape}: expected fields such as 'organization' and 'budgets'");
            return null;
        }
        var file = new FieldReader(map, "the file", Lists, errors);
        if (!file.Has("organization"))
        {
            file.Missing("organization", "the organization's slug and name");
            return null;
        }
        if (file.Map("organization") is not { } organizationNode) return null;
        var organization = Organization(new FieldReader(organizationNode, "organization", ["slug", "name", "currency", "timeZone"], errors));
        var scopes = new ScopeParser(file, errors);
        return new Declaration
        {
            Organization = organization,
            Scopes = scopes.Parse(),
            ScopeKinds = scopes.Kinds,
            Accounts = Items(file, "providerAccounts", errors, AccountParser.Parse, a => a.Slug),
            Prices = Items(file, "prices", errors, PriceParser.Parse, p => $"{p.Provider}/{p.Model} from {InstantText.Of(p.EffectiveFrom)}"),
            Budgets = Items(file, "budgets", errors, BudgetParser.Parse, b => b.Slug),
            Policies = Items(file, "policies", errors, PolicyParser.Parse, p => p.Slug),
            Keys = Items(file, "keys", errors, KeyParser.Parse, k => k.Slug),
        };
    }

    /// <summary>The items of one list, each name once.</summary>
    internal static IReadOnlyList<T>? Items<T>(
        FieldReader file, string list, ErrorList errors, Func<MapNode, ErrorList, T> parse, Func<T, string> nameOf)
    {
        if (file.Groups(list) is not { } nodes) return null;
        var firstLines = new Dictionary<string, int>(StringComparer.Ordinal);
        var items = new List<T>(nodes.Count);
        foreach (var node in nodes)
        {
            var item = parse(node, errors);
            var name = nameOf(item);
            if (firstLines.TryAdd(name, node.Line)) items.Add(item);
            else errors.Add(node.Line, $"'{name}' is in '{list}' twice: first in line {firstLines[name]}");
        }
        return items;
    }

    private static OrganizationItem Organization(FieldReader fields)
    {
        var slug = fields.Slug();
        var currency = fields.Text("currency") ?? "USD";
        if (currency != "USD") fields.Complain("currency", $"'currency' is '{FieldReader.Short(currency)}': only USD is supported");
        return new OrganizationItem(fields.Line, slug, fields.Text("name") ?? slug, "USD", fields.Zone("timeZone")?.Id ?? "UTC");
    }
}

/// <summary>The six lists of scopes below the organization.</summary>
internal sealed class ScopeParser(FieldReader file, ErrorList errors)
{
    private readonly HashSet<ScopeKind> _kinds = [];

    public IReadOnlySet<ScopeKind> Kinds => _kinds;

    public IReadOnlyList<ScopeItem> Parse() =>
    [
        .. Read("branches", ScopeKind.Branch, ["slug", "name"]),
        .. Read("teams", ScopeKind.Team, ["slug", "name", "branch"]),
        .. Read("projects", ScopeKind.Project, ["slug", "name"]),
        .. Read("employees", ScopeKind.Employee, ["slug", "name", "email", "team", "projects"]),
        .. Read("agents", ScopeKind.Agent, ["slug", "name", "owner"]),
        .. Read("subagents", ScopeKind.Subagent, ["slug", "name", "agent"]),
    ];

    private IReadOnlyList<ScopeItem> Read(string list, ScopeKind kind, string[] fields)
    {
        var items = DeclarationParser.Items(file, list, errors,
            (node, e) => Item(new FieldReader(node, Scope.KindName(kind), fields, e), kind), i => i.Slug);
        if (items is null) return [];
        _kinds.Add(kind);
        return items;
    }

    private static ScopeItem Item(FieldReader fields, ScopeKind kind)
    {
        var slug = fields.Slug();
        return new ScopeItem(fields.Line, kind, slug, fields.Text("name") ?? slug)
        {
            Parent = kind switch
            {
                ScopeKind.Team => References.One(fields, "branch", ScopeKind.Branch),
                ScopeKind.Employee => References.One(fields, "team", ScopeKind.Team),
                ScopeKind.Agent => References.Required(fields, "owner", Scope.ParentKinds(ScopeKind.Agent)),
                ScopeKind.Subagent => References.Required(fields, "agent", [ScopeKind.Agent]),
                ScopeKind.Organization or ScopeKind.Branch or ScopeKind.Project => null,
            },
            Email = kind == ScopeKind.Employee ? Email(fields) : null,
            Projects = kind == ScopeKind.Employee ? References.Many(fields, "projects", ScopeKind.Project) : [],
        };
    }

    private static string? Email(FieldReader fields)
    {
        if (fields.Text("email", longest: 254) is not { } email) return null;
        if (email.IndexOf('@') is > 0 and var at && at < email.Length - 1 && !email.Any(char.IsWhiteSpace)) return email;
        fields.Complain("email", $"'email' is '{FieldReader.Short(email)}': expected an address such as ada@example.com");
        return null;
    }
}
