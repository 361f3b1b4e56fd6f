using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Audit;

namespace Spendra.Audit;

/// <summary>The options by which a verification is given what was signed and kept elsewhere.</summary>
internal static class CheckpointOptions
{
    private const string Standard = "-";

    public static readonly Option<string?> File = new("--checkpoints") { Description = "Signed checkpoints that a sink has kept.", HelpName = "file" };

    public static readonly Option<string?> PublicKey = new("--public-key")
    {
        Description = "The key that must have signed them, in Base64; see 'spendra audit key'.", HelpName = "key",
    };

    /// <summary>The checkpoints that were given; null when none were.</summary>
    public static CheckpointFile? Read(CommandRun run)
    {
        if (ReadKey(run) is not { } publicKey) return null;
        var file = CheckpointFile.Read(LinesOf(run, run.Arguments.GetValue(File)!), publicKey);
        return file.Contradiction is { } contradiction ? throw new CommandException("checkpoints", contradiction) : file;
    }

    /// <summary>The key; null when neither key nor file was given.</summary>
    public static byte[]? ReadKey(CommandRun run)
    {
        var text = run.Arguments.GetValue(PublicKey);
        if ((run.Arguments.GetValue(File) is null) != (text is null))
            throw new CommandException("usage", "--checkpoints and --public-key belong together: a checkpoint is worth what its signature is");
        if (text is null) return null;
        return CheckpointKey.ReadPublicKey(text) ?? throw new CommandException("usage", "--public-key is no Ed25519 key: expected 32 bytes in Base64");
    }

    public static IEnumerable<string> LinesOf(CommandRun run, string path)
    {
        if (path != Standard && !System.IO.File.Exists(path)) throw new CommandException("file_not_found", $"{path} does not exist");
        using var reader = path == Standard ? run.Environment.Input : System.IO.File.OpenText(path);
        while (reader.ReadLine() is { } line) yield return line;
    }
}
