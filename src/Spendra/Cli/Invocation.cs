namespace Spendra.Cli;

/// <summary>
/// How this program is called again from the same place, for commands that are printed to be copied:
/// <c>spendra</c> when PATH leads to it, <c>dotnet run --project src/Spendra --</c> when that built it, else its path.
/// </summary>
internal static class Invocation
{
    private const string ProjectFile = "Spendra.csproj";

    /// <param name="processPath">The executable that runs: this program, or <c>dotnet</c>.</param>
    /// <param name="baseFolder">Where this program's assembly is.</param>
    /// <param name="workingFolder">Printed paths are relative to it.</param>
    /// <param name="searchPath">The variable PATH.</param>
    public static string Of(string? processPath, string baseFolder, string workingFolder, string? searchPath)
    {
        var program = Path.GetFileNameWithoutExtension(processPath);
        if (processPath is null || program != "spendra")
            return $"{program ?? "dotnet"} {Quoted(Relative(workingFolder, Path.Combine(baseFolder, "spendra.dll")))}";
        if (ProjectFolder(baseFolder) is { } project)
            return $"dotnet run --project {Quoted(Relative(workingFolder, project))} --";
        var folders = (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Any(f => Path.Combine(f, Path.GetFileName(processPath)) == processPath)
            ? program
            : Quoted(Relative(workingFolder, processPath));
    }

    public static string OfProcess() => Of(
        Environment.ProcessPath, AppContext.BaseDirectory, Directory.GetCurrentDirectory(), Environment.GetEnvironmentVariable("PATH"));

    /// <summary>The source of a program that runs from the build's output: <c>artifacts/bin/Spendra/debug</c>.</summary>
    private static string? ProjectFolder(string baseFolder)
    {
        var output = new DirectoryInfo(baseFolder.TrimEnd(Path.DirectorySeparatorChar));
        if (output.Parent?.Parent is not { Name: "bin", Parent: { Name: "artifacts", Parent: { } root } }) return null;
        var project = Path.Combine(root.FullName, "src", "Spendra");
        return File.Exists(Path.Combine(project, ProjectFile)) ? project : null;
    }

    /// <summary>A shell looks up a name without a folder in PATH: what is right here begins with <c>./</c>.</summary>
    private static string Relative(string from, string path)
    {
        var relative = Path.GetRelativePath(from, path);
        if (relative.StartsWith("..", StringComparison.Ordinal) && relative.Length > path.Length) return path;
        return relative.Contains(Path.DirectorySeparatorChar) ? relative : Path.Combine(".", relative);
    }

    /// <summary>A path as a shell takes it.</summary>
    public static string Quoted(string path) => path.Contains(' ') ? $"\"{path}\"" : path;
}
