using System.Diagnostics;
using Spendra.Testing;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>A file system of a few megabytes that can be filled and made read-only. Tests that need one are skipped without the right to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Path => _folder.Path;

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount(int megabytes)
    {
        var disk = new SmallDisk();
        if (TryRun("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", disk.Path)) return disk;
        disk._folder.Dispose();
        Assert.Skip("a file system of its own needs the right to mount one");
        throw new InvalidOperationException("skipped");
    }

    /// <summary>Takes every byte that is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true) file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Empty() => File.Delete(Filler);

    public void MakeReadOnly() => Remount("ro");

    public void MakeWritable() => Remount("rw");

    public void Dispose()
    {
        // Lazily: a test that failed may have left files open.
        TryRun("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private void Remount(string mode)
    {
        if (!TryRun("mount", "-o", $"remount,{mode}", Path)) throw new InvalidOperationException($"remount,{mode} failed");
    }

    private static bool TryRun(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
