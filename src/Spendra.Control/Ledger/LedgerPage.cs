using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Ledger;

/// <summary>One of the ledger's lists, and beside it what one of its requests is made of.</summary>
public abstract class LedgerPage : DashboardPage
{
    private string? _shownPath;
    private string _explainHref = "";

    /// <summary>The request that is explained beside the list; null for none.</summary>
    [SupplyParameterFromQuery]
    public string? Request { get; set; }

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    private protected ExplainedRequest? Explained { get; private set; }

    private protected PageProblem? Unexplained { get; private set; }

    /// <summary>There are rows that came after those that are shown.</summary>
    protected bool HasNewer { get; private set; }

    private protected string CloseHref => Navigation.GetUriWithQueryParameter("request", (string?)null);

    private protected static FilterField FromField { get; } = new("from", "From, UTC", FilterKind.Instant);

    private protected static FilterField ToField { get; } = new("to", "Before, UTC", FilterKind.Instant);

    protected abstract Task LoadListAsync();

    protected sealed override async Task LoadAsync()
    {
        _explainHref = CloseHref is var closed && closed.Contains('?', StringComparison.Ordinal) ? closed + "&request=" : closed + "?request=";
        await LoadListAsync();
        // What is over does not change; what is in flight does.
        if (Request is null) (Explained, Unexplained) = (null, null);
        else if (Explained is null || Explained.Id.ToString() != Request || Explained.Outcome == "open") await ExplainAsync(Request);
    }

    private protected string Explain(Guid request) => _explainHref + request;

    /// <summary>
    /// Reads a list from its beginning, unless it is shown and somebody has scrolled: then only whether there is something newer.
    /// </summary>
    private protected async Task<ScrolledList<T>?> ShowAsync<T>(ScrolledList<T>? shown, string path, Func<T, string> keyOf)
    {
        var isShown = shown is not null && _shownPath == path;
        if (isShown && shown!.IsScrolled)
        {
            HasNewer = await shown.HasNewerAsync();
            return shown;
        }
        var list = new ScrolledList<T>(keyOf, cursor => ReadPageAsync<T>(path, cursor));
        if (!await list.StartAsync()) return isShown ? shown : null;
        (_shownPath, HasNewer) = (path, false);
        return isShown && shown!.BeginsAs(list) ? shown : list;
    }

    protected async Task ShowNewerAsync()
    {
        _shownPath = null;
        await ReloadAsync();
    }

    private async Task<Page<T>?> ReadPageAsync<T>(string path, string? cursor)
    {
        var page = await ReadAsync<Page<T>>(cursor is null ? path : $"{path}&cursor={cursor}");
        // A table that scrolls asks on its own, and cannot say what went wrong.
        if (page is null) StateHasChanged();
        return page;
    }

    private async Task ExplainAsync(string request)
    {
        var answer = await TryReadAsync<ExplainedRequest>($"ledger/requests/{Uri.EscapeDataString(request)}");
        (Explained, Unexplained) = (answer.Value, answer.Problem);
    }
}
