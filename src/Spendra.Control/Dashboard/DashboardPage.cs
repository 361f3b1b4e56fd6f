using Microsoft.AspNetCore.Components;
using Spendra.Core.Access;

namespace Spendra.Control.Dashboard;

/// <summary>
/// A page of one organization. Its state is its address: parameters of the query say what is shown, and going back shows what was
/// there before. It reads when it is shown, when its address changes and, if <see cref="RefreshEvery"/> says so, again and again.
/// </summary>
public abstract class DashboardPage : ComponentBase, IDisposable
{
    // A ledger of millions takes seconds to add up: until then the page is there and says so.
    private static readonly TimeSpan LongestFirstRead = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _gone = new();
    // One after the other: an earlier answer that comes late is not to stand over a later one.
    private readonly SemaphoreSlim _loads = new(1);
    // By path: the idempotency key of what was sent and not answered for sure.
    private readonly Dictionary<string, string> _uncertain = new(StringComparer.Ordinal);
    private bool _isLive;

    protected DashboardPage() => Gone = _gone.Token;

    /// <summary>The slug in the address.</summary>
    [Parameter]
    public string Organization { get; set; } = "";

    /// <summary>Why the page cannot be shown; null when it can.</summary>
    protected PageProblem? Problem { get; private set; }

    /// <summary>Nothing has been read yet.</summary>
    protected bool IsLoading { get; private set; } = true;

    /// <summary>How often the page reads by itself; null for never.</summary>
    protected virtual TimeSpan? RefreshEvery => null;

    /// <summary>Cancelled when the visitor has left the page.</summary>
    protected CancellationToken Gone { get; }

    /// <summary>A change is on its way.</summary>
    protected bool IsSending { get; private set; }

    [Inject]
    private PageCalls Calls { get; set; } = null!;

    [Inject]
    private Visit Visit { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    [Inject]
    private NavigationManager Addresses { get; set; } = null!;

    private protected DateTime NowUtc => Time.GetUtcNow().UtcDateTime;

    private protected NavigationManager Navigation => Addresses;

    private protected Visit Visitor => Visit;

    /// <summary>Whether the visitor holds a capability here.</summary>
    protected bool May(Capability capability) => Visit.May(Organization, capability);

    /// <summary>Reads what is shown, with <see cref="ReadAsync"/>.</summary>
    protected abstract Task LoadAsync();

    /// <summary>Reads again, and shows what came.</summary>
    protected async Task ReloadAsync()
    {
        await _loads.WaitAsync(Gone);
        try
        {
            Problem = null;
            await LoadAsync();
            IsLoading = false;
        }
        finally
        {
            _loads.Release();
        }
    }

    /// <summary>An address of this organization's part of the dashboard.</summary>
    protected string PathOf(string path) => $"/org/{Uri.EscapeDataString(Organization)}/{path}";

    /// <summary>Reads something of the organization; null when it cannot be read, which <see cref="Problem"/> then says.</summary>
    private protected async Task<T?> ReadAsync<T>(string path)
    {
        var answer = await Calls.GetAsync<T>($"organizations/{Uri.EscapeDataString(Organization)}/{path}", Gone);
        if (answer.Problem is { } problem) Problem ??= problem;
        return answer.Value;
    }

    /// <summary>As <see cref="ReadAsync"/>, with what the next change names as its version.</summary>
    private protected async Task<(T? Value, string? Version)> ReadVersionedAsync<T>(string path)
    {
        var answer = await TryReadAsync<T>(path);
        if (answer.Problem is { } problem) Problem ??= problem;
        return (answer.Value, answer.Version);
    }

    /// <summary>Reads something that the page can do without.</summary>
    private protected async Task<PageAnswer<T>> TryReadAsync<T>(string path) =>
        await Calls.GetAsync<T>($"organizations/{Uri.EscapeDataString(Organization)}/{path}", Gone);

    /// <summary>
    /// Changes something of the organization. The path is below it. A second click while a change is on its way changes nothing: its
    /// handler ends here. A creation of which nobody knows whether it was made is made once, however often it is sent again.
    /// </summary>
    private protected async Task<PageAnswer<T>> SendAsync<T>(PageCall call)
    {
        if (IsSending) throw new OperationCanceledException("a change is on its way");
        IsSending = true;
        try
        {
            if (!_uncertain.TryGetValue(call.Path, out var key)) key = _uncertain[call.Path] = Guid.CreateVersion7().ToString();
            var answer = await Calls.SendAsync<T>(call with { Path = $"organizations/{Uri.EscapeDataString(Organization)}/{call.Path}", IdempotencyKey = key }, Gone);
            if (answer.Problem is not { Status: >= 500 }) _uncertain.Remove(call.Path);
            return answer;
        }
        finally
        {
            IsSending = false;
        }
    }

    protected sealed override async Task OnParametersSetAsync()
    {
        if (Visit.Me is null && await Visit.LoadAsync() is { } nobody)
        {
            (Problem, IsLoading) = (nobody, false);
            return;
        }
        var reading = ReloadAsync();
        // Before it is alive, a page is sent as a whole: what it cannot read soon it reads when it is alive.
        if (!RendererInfo.IsInteractive) await Task.WhenAny(reading, Task.Delay(LongestFirstRead, Time, Gone));
        if (RendererInfo.IsInteractive || reading.IsCompleted) await reading;
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender || _isLive || RefreshEvery is not { } every) return;
        _isLive = true;
        _ = KeepCurrentAsync(every);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        _gone.Cancel();
        _gone.Dispose();
    }

    private async Task KeepCurrentAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(Gone))
            {
                await InvokeAsync(async () =>
                {
                    await ReloadAsync();
                    StateHasChanged();
                });
                if (Problem is { IsSignedOut: true }) return;
            }
        }
        catch (OperationCanceledException)
        {
            // The visitor went on.
        }
    }
}
