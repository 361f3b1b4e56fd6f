namespace Spendra.Proof.Worlds;

/// <summary>Changes of the rules, one after the other, until disposed.</summary>
internal sealed class RuleChanges : IAsyncDisposable
{
    private const int LongestPauseMs = 400;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _changing;
    private readonly Administrator _administrator;
    private readonly Action<string> _found;

    public RuleChanges(Administrator administrator, Action<string> found)
    {
        (_administrator, _found) = (administrator, found);
        _changing = Task.Run(ChangeAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _changing;
        _stop.Dispose();
    }

    private async Task ChangeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _administrator.ChangeAsync();
                await Task.Delay(Random.Shared.Next(LongestPauseMs), _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                // Anything that the administrator's path does not foresee.
                _found($"a change of the rules failed: {e}");
                return;
            }
        }
    }
}
