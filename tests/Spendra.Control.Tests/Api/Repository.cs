namespace Spendra.Control.Tests.Api;

/// <summary>Where the tests find what is committed, and leave what should be.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Tests => Path.Combine(Root, "tests");

    public static string Artifacts => Path.Combine(Root, "artifacts");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }
}
