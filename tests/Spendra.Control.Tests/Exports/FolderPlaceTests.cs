using Spendra.Control.Exports;

namespace Spendra.Control.Tests.Exports;

/// <summary>What a folder keeps, it keeps under its name when the machine stops right behind it.</summary>
public sealed class FolderPlaceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("spendra-place").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_are_made_durable_after_they_are_given_and_those_of_new_folders_too()
    {
        var folder = Path.Combine(_root, "acme", "run");
        var kept = new List<(string Folder, string[] Names)>();
        var place = new FolderPlace(folder, at => kept.Add((at, [.. Directory.EnumerateFileSystemEntries(at).Select(p => Path.GetFileName(p)!)])));
        place.Prepare();
        kept.Should().BeEquivalentTo<(string, string[])>([(_root, ["acme"]), (Path.Combine(_root, "acme"), ["run"])]);
        place.Prepare();
        kept.Should().HaveCount(2, "nothing was made");

        await using (var file = place.Create("part"))
        {
            await file.Stream.WriteAsync(new byte[] { 1, 2, 3 }, Cancel);
            var (bytes, hash) = await file.MeasureAsync(Cancel);
            await place.KeepAsync(file, "part", bytes, hash, Cancel);
        }

        kept[2..].Should().BeEquivalentTo<(string, string[])>([(folder, ["part"])]);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_through_is_told()
    {
        FolderNames.Keep(_root);
        Action keep = () => FolderNames.Keep(Path.Combine(_root, "gone"));
        if (!OperatingSystem.IsWindows()) keep.Should().Throw<IOException>();
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
