using Spendra.Core.Governance;

namespace Spendra.Control.Declarations;

internal static class KeyParser
{
    private static readonly ScopeKind[] Actors = [ScopeKind.Employee, ScopeKind.Agent, ScopeKind.Subagent];
    private static readonly string[] Fields =
        ["slug", "actor", "project", "providers", "models", "tools", "environment", "maxRequestUsd", "expiresAt"];

    public static KeyItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "key", Fields, errors);
        return new KeyItem(fields.Line, fields.Slug())
        {
            Actor = References.Required(fields, "actor", Actors),
            Project = References.One(fields, "project", ScopeKind.Project),
            Providers = fields.Names("providers"),
            Models = fields.Names("models"),
            Tools = fields.Names("tools"),
            Environment = fields.Text("environment", PolicyRules.LongestEnvironment),
            MaxRequest = fields.Amount("maxRequestUsd"),
            ExpiresAt = fields.Instant("expiresAt"),
        };
    }
}
