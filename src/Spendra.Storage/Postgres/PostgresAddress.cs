using Npgsql;

namespace Spendra.Storage.Postgres;

/// <summary><c>postgres://</c> addresses to connection strings and back to something that may be shown.</summary>
internal static class PostgresAddress
{
    private const string Expected =
        "expected postgres://user:password@host:port/database, optionally with ?sslmode=require";

    public static string ToConnectionString(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql"))
            throw new FormatException($"not a PostgreSQL address: {Expected}");
        var database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (uri.Host.Length == 0 || database.Length == 0) throw new FormatException($"the address is incomplete: {Expected}");
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = database,
        };
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0) builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length == 2) builder.Password = Uri.UnescapeDataString(user[1]);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            try
            {
                builder[KeywordOf(parts[0])] = ValueOf(parts[0], Uri.UnescapeDataString(parts.Length == 2 ? parts[1] : ""));
            }
            catch (Exception e) when (e is ArgumentException or FormatException)
            {
                throw new FormatException($"'{parts[0]}' in the address is not a setting or has a bad value: {Expected}");
            }
        }
        return builder.ConnectionString;
    }

    /// <summary>Host, port and database, without user and password.</summary>
    public static string Describe(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgres://{builder.Host}:{builder.Port}/{builder.Database}";
    }

    // libpq's spellings, which addresses use, beside Npgsql's own.
    private static string KeywordOf(string name) => name switch
    {
        "sslmode" => "SSL Mode",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        "sslrootcert" => "Root Certificate",
        _ => name,
    };

    // verify-ca and verify-full are VerifyCA and VerifyFull there.
    private static string ValueOf(string name, string value) => name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
}
