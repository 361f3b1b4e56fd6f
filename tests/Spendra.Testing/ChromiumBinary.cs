namespace Spendra.Testing;

/// <summary>Where the machine's Chromium is: no test brings a browser of its own.</summary>
public static class ChromiumBinary
{
    private static readonly string[] Names = ["chromium", "chromium-browser"];

    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static string Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("there is no Chromium: install the package chromium");
}
