using Microsoft.Data.Sqlite;

namespace Spendra.Storage.Sqlite;

/// <summary>SQLite's result codes (sqlite.org/rescode.html) in words that say what to do.</summary>
internal static class SqliteFailure
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    public static DatabaseUnavailableException Describe(SqliteException e, string path) =>
        Describe(e.SqliteErrorCode, e.Message, path, e);

    public static DatabaseUnavailableException Describe(int code, string detail, string path, Exception? inner = null)
    {
        var what = (code & 0xFF) switch
        {
            Busy or Locked => $"{path} is locked by another process: wait for it to finish, or stop it",
            ReadOnly => $"{path} cannot be written: check the owner and mode of the file and its folder",
            Corrupt => $"{path} is damaged ({detail}): stop, keep a copy, and restore a backup",
            Full => $"there is no space left for {path}: free some; nothing that was acknowledged is lost",
            CannotOpen => $"{path} cannot be opened: check that the folder exists and may be written",
            NotADatabase => $"{path} is not a Spendra database: check the data folder, or restore a backup",
            _ => $"{path}: {detail}",
        };
        return new DatabaseUnavailableException(what, inner);
    }
}
