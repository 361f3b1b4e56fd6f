using System.Diagnostics;

namespace Spendra.Testing;

/// <summary>Where this machine keeps PostgreSQL's server programs.</summary>
internal static class PostgresBinaries
{
    private const string DebianRoot = "/usr/lib/postgresql";

    /// <exception cref="InvalidOperationException">There are none; the message says what to install.</exception>
    public static string Find() =>
        Candidates().FirstOrDefault(IsServer) ?? throw new InvalidOperationException(
            "PostgreSQL's server programs (initdb, pg_ctl, postgres) were not found through pg_config or in "
            + $"{DebianRoot}/*/bin. Install the Debian package: apt-get install postgresql");

    private static IEnumerable<string> Candidates()
    {
        // pg_config may belong to a client-only installation (libpq-dev), so it is only a candidate.
        if (FromPgConfig() is { } configured)
            yield return configured;
        if (!Directory.Exists(DebianRoot))
            yield break;
        foreach (var version in Directory.GetDirectories(DebianRoot).OrderByDescending(MajorVersion))
            yield return Path.Combine(version, "bin");
    }

    private static bool IsServer(string folder) =>
        new[] { "initdb", "pg_ctl", "postgres" }.All(name => File.Exists(Path.Combine(folder, name)));

    private static decimal MajorVersion(string folder) =>
        decimal.TryParse(Path.GetFileName(folder), out var version) ? version : 0;

    private static string? FromPgConfig()
    {
        try
        {
            var start = new ProcessStartInfo("pg_config", ["--bindir"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start);
            var folder = process?.StandardOutput.ReadToEnd().Trim();
            process?.WaitForExit();
            return process?.ExitCode == 0 && !string.IsNullOrEmpty(folder) ? folder : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
