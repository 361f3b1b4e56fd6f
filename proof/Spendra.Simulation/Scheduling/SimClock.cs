namespace Spendra.Simulation.Scheduling;

/// <summary>
/// The clock of one process: the world's time for whatever is measured, and a wall clock that may be wrong and may be
/// set while it runs.
/// </summary>
internal sealed class SimClock(SimLoop loop, SimProcess process) : TimeProvider
{
    /// <summary>The world begins shortly before midnight at the end of a month, so that windows end under the load.</summary>
    public static readonly DateTimeOffset WorldBegins = new(2026, 3, 31, 23, 59, 30, TimeSpan.Zero);

    private readonly List<(long At, long Skew)> _skews = [];

    /// <summary>Microseconds that the wall clock is ahead of the world.</summary>
    public long Skew
    {
        get => _skews.Count == 0 ? 0 : _skews[^1].Skew;
        set => _skews.Add((loop.Now, value));
    }

    /// <summary>Every deviation that it had at some time between these.</summary>
    public IEnumerable<long> SkewsDuring(long from, long until)
    {
        var first = Math.Max(0, _skews.FindLastIndex(s => s.At <= from));
        return _skews.Skip(first).TakeWhile(s => s.At <= Math.Max(from, until)).Select(s => s.Skew).DefaultIfEmpty(0);
    }

    public override long TimestampFrequency => 1_000_000;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => WorldBegins.AddMicroseconds(loop.Now + Skew);

    public override long GetTimestamp() => loop.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(loop, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimLoop loop, SimProcess process, TimerCallback callback, object? state) : ITimer
    {
        private SimEvent? _next;
        private TimeSpan _period;
        private bool _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_isDisposed) return false;
            _next?.Cancel();
            _next = null;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan) Arm(dueTime);
            return true;
        }

        public void Dispose()
        {
            _isDisposed = true;
            _next?.Cancel();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan dueTime) => _next = loop.After((long)dueTime.TotalMicroseconds, Fire);

        private void Fire()
        {
            if (_isDisposed || !process.IsAlive) return;
            if (_period > TimeSpan.Zero) Arm(_period);
            Task.Factory.StartNew(Call, CancellationToken.None, TaskCreationOptions.DenyChildAttach, process);
        }

        // As part of the process: a timer that fires is one more thing whose order is open.
        private void Call()
        {
            if (!_isDisposed) callback(state);
        }
    }
}
