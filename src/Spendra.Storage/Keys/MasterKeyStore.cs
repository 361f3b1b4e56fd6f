using System.Security.Cryptography;
using Dapper;

namespace Spendra.Storage.Keys;

/// <summary>
/// Finds the master key: the configured value, else a key file, which is made for a new database. The database
/// remembers the key's fingerprint, so that a wrong key is noticed at start and not at the first request.
/// </summary>
public static class MasterKeyStore
{
    public const string FileName = "master.key";

    private const string Setting = "SPENDRA__MASTERKEY";
    private const string FingerprintName = "master_key_fingerprint";
    private const int LongestFileBytes = 1024;

    /// <param name="database">A migrated database.</param>
    /// <param name="target">Where it is: decides where the key file is.</param>
    /// <param name="configured">32 bytes in base64 or hexadecimal, or null when nothing is configured.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="MasterKeyException">No key, a malformed one, or another than the database was set up with.</exception>
    public static async Task<MasterKey> LoadAsync(
        Database database, DatabaseTarget target, string? configured, CancellationToken cancel)
    {
        if (configured is not null)
        {
            var key = Parse(configured) ?? throw new MasterKeyException(
                $"{Setting} is not a key: expected 32 bytes in base64 (44 characters) or hexadecimal (64), for example from 'openssl rand -base64 32'");
            await ConfirmAsync(database, key, Setting, cancel);
            return key;
        }

        var path = FilePath(target);
        var known = await FingerprintAsync(database, cancel);
        var isNew = false;
        if (!File.Exists(path))
        {
            if (known is not null)
            {
                throw new MasterKeyException(
                    $"the database was set up with master key {known}, and {path} does not exist: restore that file or set {Setting}");
            }
            isNew = Create(path);
        }
        var loaded = ReadFile(path);
        try
        {
            await ConfirmAsync(database, loaded, path, cancel);
        }
        catch (MasterKeyException) when (isNew)
        {
            // Another process, with its own key, set the database up in the meantime: ours never meant anything.
            File.Delete(path);
            throw;
        }
        return loaded;
    }

    /// <summary>Where the key file of a database is expected.</summary>
    public static string FilePath(DatabaseTarget target)
    {
        if (target.Engine == DatabaseEngine.Sqlite) return Path.Combine(target.Location, FileName);
        var configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return Path.Combine(configuration, "spendra", FileName);
    }

    private static MasterKey? Parse(string text)
    {
        text = text.Trim();
        Span<byte> bytes = stackalloc byte[MasterKey.KeyBytes];
        if (text.Length == MasterKey.KeyBytes * 2)
        {
            try
            {
                return new MasterKey(Convert.FromHexString(text));
            }
            catch (FormatException)
            {
                return null;
            }
        }
        return Convert.TryFromBase64String(text, bytes, out var written) && written == bytes.Length
            ? new MasterKey(bytes)
            : null;
    }

    private static MasterKey ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length <= LongestFileBytes && Parse(File.ReadAllText(path)) is { } key) return key;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"{path} cannot be read: {e.Message}", e);
        }
        throw new MasterKeyException(
            $"{path} is not a master key: expected one line with 32 bytes in base64; restore the file or set {Setting}");
    }

    /// <summary>
    /// Writes a whole file beside the final name and then takes the name only if it is free, so that no process
    /// ever reads half a key and two that start together agree. False when another was first.
    /// </summary>
    private static bool Create(string path)
    {
        var draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            CreateFolder(Path.GetDirectoryName(path)!);
            WriteOwnerOnly(draft, Convert.ToBase64String(RandomNumberGenerator.GetBytes(MasterKey.KeyBytes)) + "\n");
            File.Move(draft, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"{path} cannot be written: {e.Message}; create it or set {Setting}", e);
        }
        finally
        {
            if (File.Exists(draft)) File.Delete(draft);
        }
    }

    private static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder)) return;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void WriteOwnerOnly(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(path, options);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }

    private static async Task ConfirmAsync(Database database, MasterKey key, string origin, CancellationToken cancel)
    {
        var known = await FingerprintAsync(database, cancel);
        if (known is null)
        {
            await using var connection = await database.ConnectAsync(cancel);
            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO installation (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING",
                new { name = FingerprintName, value = key.Fingerprint }, cancellationToken: cancel));
            // Whoever came first has decided.
            known = await FingerprintAsync(database, cancel);
        }
        if (known != key.Fingerprint)
        {
            throw new MasterKeyException(
                $"{origin} holds master key {key.Fingerprint}, but the database was set up with {known}: use that key, or another database");
        }
    }

    private static async Task<string?> FingerprintAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "SELECT value FROM installation WHERE name = @name", new { name = FingerprintName }, cancellationToken: cancel));
    }
}
