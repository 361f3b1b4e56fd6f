using System.Buffers;

namespace Spendra.Gateway.Batches;

/// <summary>How a download of lines ended.</summary>
internal enum DownloadEnd
{
    /// <summary>Everything was read.</summary>
    Complete,
    /// <summary>Whoever takes the lines wanted no more.</summary>
    Stopped,
    /// <summary>The file is larger than what is read.</summary>
    TooLarge,
    /// <summary>The connection broke.</summary>
    Broken,
    /// <summary>The provider fell silent, or took longer than is waited for.</summary>
    TimedOut,
}

/// <summary>Reads a file at a provider line by line, holding no more than one of them.</summary>
internal static class LineDownload
{
    private const int PieceBytes = 64 * 1024;

    /// <param name="upstream">The file.</param>
    /// <param name="taker">Gets the lines.</param>
    /// <param name="limits">What is held and read at most.</param>
    /// <param name="time">Measures silence.</param>
    /// <param name="cancel">Ends the reading.</param>
    public static async Task<DownloadEnd> ReadAsync(
        Stream upstream, ILineTaker taker, DownloadLimits limits, TimeProvider time, CancellationToken cancel)
    {
        using var cutter = new LineCutter(taker, limits.LineBytes);
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var gone = cancel.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), silence);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        long total = 0;
        try
        {
            while (true)
            {
                silence.CancelAfter(limits.MaxSilence);
                var read = await upstream.ReadAsync(piece, silence.Token);
                if (read == 0) break;
                if ((total += read) > limits.TotalBytes) return DownloadEnd.TooLarge;
                if (!cutter.Feed(piece.AsSpan(0, read))) return DownloadEnd.Stopped;
            }
            cutter.Finish();
            return DownloadEnd.Complete;
        }
        catch (OperationCanceledException)
        {
            return DownloadEnd.TimedOut;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return DownloadEnd.Broken;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }
    }
}

/// <summary>How much of a file is held and read at most, and how long the provider may be silent.</summary>
internal readonly record struct DownloadLimits(int LineBytes, long TotalBytes, TimeSpan MaxSilence);
