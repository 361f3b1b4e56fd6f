using System.Data.Common;
using System.Net.Sockets;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Keys;

namespace Spendra.Cli;

/// <summary>The one place where an exception becomes what the caller of a command reads.</summary>
internal sealed record Failure(string Code, string Message, int ExitCode)
{
    public const int Failed = 1;
    public const int Misused = 2;
    public const int Interrupted = 130;

    public static Failure Of(Exception error) => error switch
    {
        CommandException e => new Failure(e.Code, e.Message, Failed),
        SettingsException e => new Failure("settings_invalid", e.Message, Failed),
        DatabaseUnavailableException e => new Failure("database_unavailable", e.Message, Failed),
        MasterKeyException e => new Failure("master_key", e.Message, Failed),
        OperationCanceledException => new Failure("interrupted", "stopped before the command was done: run it again", Interrupted),
        DbException e => new Failure("database_failed", $"the database refused a statement: {e.Message}", Failed),
        _ when DatabaseUnavailableException.IsSaidBy(error) =>
            new Failure("database_failed", $"the database was lost in the middle of an answer: {error.Message}: run the command again", Failed),
        SocketException e => new Failure("network_failed", $"the network failed: {e.Message}", Failed),
        IOException or UnauthorizedAccessException => new Failure("file_failed", $"a file cannot be used: {error.Message}", Failed),
        _ => new Failure("internal_error",
            $"unexpected {error.GetType().Name}: {error.Message}: please report it; SPENDRA__DEBUG=true shows details", Failed),
    };

    /// <summary>Several lines of a foreign message as one.</summary>
    public string Line => string.Join(' ', Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
