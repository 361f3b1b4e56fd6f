namespace Spendra.Gateway.Forwarding;

/// <summary>
/// How long a response is waited for. Bounded in every state: until it begins, between two pieces, in total (the
/// request must end before its reservation does), and after the client has gone.
/// </summary>
internal sealed class UpstreamPatience : IDisposable
{
    // What is left of the reservation's time when the request is cut off, so that its settlement is in time.
    private static readonly TimeSpan SettleMargin = TimeSpan.FromSeconds(20);

    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _giveUp;
    private readonly CancellationTokenRegistration _clientGone;
    private readonly long _endsAt;
    private readonly Lock _gate = new();
    private long _detachedEndsAt = long.MaxValue;
    private volatile bool _isDetached;

    public UpstreamPatience(GatewayOptions options, TimeProvider time, CancellationToken clientAborted)
    {
        _options = options;
        _time = time;
        _giveUp = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var total = TimeSpan.FromSeconds(options.ReservationSeconds) - SettleMargin;
        _endsAt = time.GetTimestamp() + Ticks(total > SettleMargin ? total : TimeSpan.FromSeconds(options.ReservationSeconds / 2.0));
        _clientGone = clientAborted.UnsafeRegister(static state => ((UpstreamPatience)state!).Detach(), this);
    }

    public TimeProvider Time => _time;

    public CancellationToken Token => _giveUp.Token;

    /// <summary>The client has gone; what comes now is read for its usage only.</summary>
    public bool IsDetached => _isDetached;

    public void AwaitHeaders() => Allow(TimeSpan.FromSeconds(_options.UpstreamTimeoutSeconds));

    /// <summary>The client is waited for: the provider may be silent meanwhile.</summary>
    public void AwaitClient() => Allow(TimeSpan.MaxValue);

    public void AwaitPiece() => Allow(TimeSpan.FromSeconds(_options.StreamIdleSeconds));

    /// <summary>Nobody takes what arrives any more: from now on it is read for its usage only.</summary>
    public void Detach()
    {
        if (_isDetached) return;
        lock (_gate)
        {
            _detachedEndsAt = _time.GetTimestamp() + Ticks(TimeSpan.FromSeconds(_options.DetachedSeconds));
            _isDetached = true;
        }
        Allow(TimeSpan.FromSeconds(_options.DetachedSeconds));
    }

    public void Dispose()
    {
        _clientGone.Dispose();
        _giveUp.Dispose();
    }

    private void Allow(TimeSpan wait)
    {
        // Under the lock a longer wait that was worked out before the client left cannot overwrite the shorter one.
        lock (_gate)
        {
            var left = Math.Min(_endsAt, _detachedEndsAt) - _time.GetTimestamp();
            var bound = TimeSpan.FromSeconds(Math.Max(0, left) / (double)_time.TimestampFrequency);
            _giveUp.CancelAfter(wait < bound ? wait : bound);
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}
