using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Spendra.Control.Exports;

/// <summary>Makes the names of files in a folder durable, which writing the files through does not.</summary>
internal static class FolderNames
{
    // Linux and macOS agree on it.
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The folder is not there, or the disk failed.</exception>
    public static void Keep(string folder)
    {
        // NTFS writes names with its journal, and has no call for it.
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0) throw Failure();
        try
        {
            if (Sync(descriptor) != 0) throw Failure();
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure() => new("the names in a folder could not be written", new Win32Exception(Marshal.GetLastPInvokeError()));

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
