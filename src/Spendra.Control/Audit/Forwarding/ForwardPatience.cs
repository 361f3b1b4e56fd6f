namespace Spendra.Control.Audit.Forwarding;

/// <summary>How long to wait after so many failures in a row: a second, doubled up to five minutes.</summary>
internal sealed class ForwardPatience(TimeProvider time)
{
    private const int LongestSeconds = 300;
    private const int MostDoublings = 9;

    private int _failures;
    private long _begun;

    public bool HasFailed => _failures > 0;

    public bool IsOver => _failures == 0 || time.GetElapsedTime(_begun) >= Pause;

    public TimeSpan Pause => TimeSpan.FromSeconds(_failures == 0 ? 0 : Math.Min(1 << Math.Min(_failures - 1, MostDoublings), LongestSeconds));

    public void Fail()
    {
        _failures++;
        _begun = time.GetTimestamp();
    }

    public void Recover() => _failures = 0;
}
