using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Spendra.Proof.Kills;

namespace Spendra.Proof.Power;

/// <summary>
/// A file system for SQLite that passes everything to the real one and notes, for the database and its write-ahead
/// log, what has been written since the last sync (<see cref="WriteLog"/>). The structures are those of sqlite3.h;
/// files keep the real structure and get a table of methods in which four are ours.
/// </summary>
internal static unsafe class UnsyncedVfs
{
    private const int Ok = 0;
    private const int IoError = 10;
    private const int MainDatabase = 0x100;
    private const int WriteAheadLog = 0x80000;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, (nint Real, WriteLog Log)> Files = [];
    private static readonly Dictionary<nint, nint> Tables = [];
    private static readonly Dictionary<string, WriteLog> Logs = [];
    private static string s_folder = "";
    private static bool s_syncLies;
    private static int s_left;
    private static Vfs* s_real;

    /// <summary>From here on every connection of this process uses it.</summary>
    /// <param name="logFolder">Where the logs are kept.</param>
    /// <param name="syncLies">A disk that says "synced" and has done nothing: shows that the proof sees losses.</param>
    /// <param name="lastWrite">The write after which the process kills itself, before anything more is synced; null for none.</param>
    public static void Install(string logFolder, bool syncLies, int? lastWrite = null)
    {
        SQLitePCL.Batteries_V2.Init();
        Directory.CreateDirectory(logFolder);
        (s_folder, s_syncLies, s_left) = (logFolder, syncLies, lastWrite ?? 0);
        s_real = sqlite3_vfs_find(null);
        var ours = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *ours = *s_real;
        ours->Next = null;
        ours->Name = (byte*)Marshal.StringToCoTaskMemUTF8("unsynced");
        ours->Open = &Open;
        if (sqlite3_vfs_register(ours, 1) != Ok) throw new InvalidOperationException("SQLite took no other file system");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, OpenFile* file, int flags, int* outFlags)
    {
        var result = s_real->Open(s_real, name, file, flags, outFlags);
        if (result != Ok || name is null || (flags & (MainDatabase | WriteAheadLog)) == 0) return result;
        lock (Gate)
        {
            var path = Path.GetFileName(Marshal.PtrToStringUTF8((nint)name)!);
            if (!Logs.TryGetValue(path, out var log)) Logs[path] = log = new WriteLog(Path.Combine(s_folder, path));
            Files[(nint)file] = ((nint)file->Methods, log);
            file->Methods = (Methods*)TableFor((nint)file->Methods);
        }
        return Ok;
    }

    private static nint TableFor(nint real)
    {
        if (Tables.TryGetValue(real, out var known)) return known;
        var table = (Methods*)NativeMemory.Alloc((nuint)sizeof(Methods));
        *table = *(Methods*)real;
        table->Close = &Close;
        table->Write = &Write;
        table->Truncate = &Truncate;
        table->Sync = &Sync;
        return Tables[real] = (nint)table;
    }

    private static (nint Real, WriteLog Log) Find(OpenFile* file)
    {
        lock (Gate) return Files[(nint)file];
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(OpenFile* file)
    {
        var (real, _) = Find(file);
        lock (Gate) Files.Remove((nint)file);
        return ((Methods*)real)->Close(file);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(OpenFile* file, byte* bytes, int count, long offset)
    {
        var (real, log) = Find(file);
        lock (log.Gate)
        {
            if (!Note(file, (Methods*)real, log, offset, count, new ReadOnlySpan<byte>(bytes, count).ToArray())) return IoError;
            var result = ((Methods*)real)->Write(file, bytes, count, offset);
            // The write is in the page cache and nowhere else.
            if (Interlocked.Decrement(ref s_left) == 0) Trigger.Die("an unsynced write");
            return result;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(OpenFile* file, long size)
    {
        var (real, log) = Find(file);
        lock (log.Gate)
        {
            if (!Note(file, (Methods*)real, log, size, int.MaxValue, after: null)) return IoError;
            return ((Methods*)real)->Truncate(file, size);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(OpenFile* file, int flags)
    {
        var (real, log) = Find(file);
        lock (log.Gate)
        {
            var result = ((Methods*)real)->Sync(file, flags);
            if (result == Ok && !s_syncLies) log.Forget();
            return result;
        }
    }

    /// <summary>No exception may cross into SQLite.</summary>
    private static bool Note(OpenFile* file, Methods* real, WriteLog log, long offset, int count, byte[]? after)
    {
        try
        {
            long size;
            if (real->FileSize(file, &size) != Ok) return false;
            var before = new byte[Math.Clamp(size - offset, 0, count)];
            fixed (byte* to = before)
            {
                if (before.Length > 0 && real->Read(file, to, before.Length, offset) != Ok) return false;
            }
            log.Append(new UnsyncedWrite(offset, size, before, after));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [DllImport("e_sqlite3", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern Vfs* sqlite3_vfs_find(byte* name);

    [DllImport("e_sqlite3", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int sqlite3_vfs_register(Vfs* vfs, int makeDefault);

    [StructLayout(LayoutKind.Sequential)]
    private struct Vfs
    {
        public int Version, FileBytes, MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* AppData;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, OpenFile*, int, int*, int> Open;
        public nint Delete, Access, FullPathname, DlOpen, DlError, DlSym, DlClose, Randomness, Sleep, CurrentTime, GetLastError;
        public nint CurrentTimeInt64, SetSystemCall, GetSystemCall, NextSystemCall;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenFile
    {
        public Methods* Methods;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Methods
    {
        public int Version;
        public delegate* unmanaged[Cdecl]<OpenFile*, int> Close;
        public delegate* unmanaged[Cdecl]<OpenFile*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<OpenFile*, byte*, int, long, int> Write;
        public delegate* unmanaged[Cdecl]<OpenFile*, long, int> Truncate;
        public delegate* unmanaged[Cdecl]<OpenFile*, int, int> Sync;
        public delegate* unmanaged[Cdecl]<OpenFile*, long*, int> FileSize;
        public nint Lock, Unlock, CheckReservedLock, FileControl, SectorSize, DeviceCharacteristics;
        public nint ShmMap, ShmLock, ShmBarrier, ShmUnmap, Fetch, Unfetch;
    }
}
