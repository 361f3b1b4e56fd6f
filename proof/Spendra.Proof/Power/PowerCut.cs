namespace Spendra.Proof.Power;

/// <summary>
/// Makes the files of a killed process look as after a power cut: what was not synced is gone, all of it or a part,
/// since a disk may have written any of it in any order.
/// </summary>
internal static class PowerCut
{
    /// <param name="logFolder">What the process noted.</param>
    /// <param name="dataFolder">Its files.</param>
    /// <param name="random">Decides about every write.</param>
    /// <param name="keepsSome">Whether each unsynced write has or has not reached the disk by itself; otherwise none has.</param>
    /// <returns>How many unsynced writes were lost.</returns>
    public static int Strike(string logFolder, string dataFolder, Random random, bool keepsSome)
    {
        var lost = 0;
        foreach (var log in Directory.GetFiles(logFolder))
        {
            lost += TakeBack(Path.Combine(dataFolder, Path.GetFileName(log)), WriteLog.Read(log), () => keepsSome && random.Next(2) == 0);
            File.Delete(log);
        }
        // The index of the write-ahead log is shared memory: nobody syncs it, and it is made anew.
        foreach (var index in Directory.GetFiles(dataFolder, "*-shm")) File.Delete(index);
        return lost;
    }

    private static int TakeBack(string path, IReadOnlyList<UnsyncedWrite> writes, Func<bool> isKept)
    {
        if (writes.Count == 0 || !File.Exists(path)) return 0;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        foreach (var write in writes.Reverse())
        {
            Put(file, write.Offset, write.Before);
            file.SetLength(write.SizeBefore);
        }
        var lost = 0;
        foreach (var write in writes)
        {
            if (!isKept()) lost++;
            else if (write.After is { } after) Put(file, write.Offset, after);
            else file.SetLength(Math.Min(file.Length, write.Offset));
        }
        return lost;
    }

    private static void Put(FileStream file, long offset, byte[] bytes)
    {
        file.Seek(offset, SeekOrigin.Begin);
        file.Write(bytes);
    }
}
