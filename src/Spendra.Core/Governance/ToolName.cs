namespace Spendra.Core.Governance;

/// <summary>
/// Tools in rules: server-side tools of a provider by their bare name, tools that run through the gateway as
/// <c>server/tool</c>, all tools of a server as <c>server/*</c>.
/// </summary>
public static class ToolName
{
    /// <summary>The longest name of a tool, without its server, in characters.</summary>
    public const int MaxLength = 128;

    private const char Separator = '/';

    public static string Of(string server, string tool) => $"{server}{Separator}{tool}";

    /// <summary>All tools of a server: how scopes name them, and the price book the price of those without one of their own.</summary>
    public static string AnyOf(string server) => Of(server, NameSet.Any);

    /// <summary>The server of a full name, or null. A server's name has no separator in it.</summary>
    public static string? ServerOf(string name) => name.IndexOf(Separator) is > 0 and var at ? name[..at] : null;

    public static bool AdmittedBy(NameSet tools, string name)
    {
        if (tools.Admits(name)) return true;
        foreach (var rule in tools.Names)
        {
            if (Covers(rule, name)) return true;
        }
        return false;
    }

    /// <summary>Whether at least one tool of a server may be admitted.</summary>
    public static bool ReachesServer(NameSet tools, string server)
    {
        if (tools.IsUnrestricted) return true;
        foreach (var rule in tools.Names)
        {
            if (rule == NameSet.Any) return true;
            if (rule.Length > server.Length && rule[server.Length] == Separator && rule.StartsWith(server, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    /// <summary>Whether <c>server/*</c> stands for a tool of that server.</summary>
    public static bool Covers(string rule, string name) =>
        rule is [.., Separator, '*'] && rule.IndexOf(Separator) == rule.Length - 2
        && name.Length >= rule.Length && name.AsSpan().StartsWith(rule.AsSpan(..^1), StringComparison.Ordinal);
}
