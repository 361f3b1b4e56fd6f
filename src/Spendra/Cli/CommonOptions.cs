using System.CommandLine;
using Spendra.Settings;

namespace Spendra.Cli;

/// <summary>Options that several commands share. A command adds those that mean something to it.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON instead of text.", Recursive = true };

    public static readonly Option<string?> Data = new("--data")
    {
        Description = $"Data folder with the embedded database. Default: {SpendraOptions.DefaultData}",
        HelpName = "folder",
    };

    public static readonly Option<string?> Database = new("--database")
    {
        Description = "PostgreSQL address instead of a data folder: postgres://user:password@host:port/database",
        HelpName = "address",
    };

    public static readonly Option<string?> Organization = new("--organization")
    {
        Description = "The organization by its slug. Default: the only one.",
        HelpName = "slug",
    };

    public static readonly Option<string?> Urls = new("--urls")
    {
        Description = $"Addresses to listen on, separated by ';'. Default: {SpendraOptions.DefaultUrls}",
        HelpName = "urls",
    };

    public static readonly Option<string?> Role = new("--role")
    {
        Description = "What this process runs: all, gateway, control or worker. Default: all",
        HelpName = "role",
    };

    // Those that are settings too: the command line is the strongest source of them.
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        [Data.Name] = "Data",
        [Database.Name] = "Database",
        [Urls.Name] = "Urls",
        [Role.Name] = "Role",
    };

    public static SettingSource ToSource(ParseResult parse)
    {
        var source = SettingSource.CommandLine();
        foreach (var option in parse.CommandResult.Command.Options.OfType<Option<string?>>())
        {
            // Members have roles too, which are no setting.
            if (option.Name == Role.Name && option != Role) continue;
            if (Settings.TryGetValue(option.Name, out var setting)) source.Set(setting, parse.GetValue(option));
        }
        return source;
    }
}
