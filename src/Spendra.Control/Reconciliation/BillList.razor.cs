using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;

namespace Spendra.Control.Reconciliation;

/// <summary>Bills that were imported, and importing one.</summary>
public sealed partial class BillList
{
    // What the management API takes in one call.
    private const long MostFileBytes = 16 * 1024 * 1024;

    // A file in columns of somebody's own needs a mapping, which only the management API takes.
    private static readonly IReadOnlyList<string> Formats = [.. BillFormats.All.Where(f => f != BillFormats.Csv)];

    private IReadOnlyList<ImportView>? _imports;
    private PageProblem? _fetchRefused, _importRefused;
    private string? _next, _content;
    private string _account = "", _format = BillFormats.FocusCsv;
    private DateOnly? _from, _to;
    private bool _isBusy;

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    protected override async Task LoadAsync()
    {
        var today = DateOnly.FromDateTime(NowUtc);
        _from ??= today.AddDays(1 - today.Day);
        _to ??= today;
        var page = await ReadAsync<Page<ImportView>>(QueryText.Of("reconciliation/imports", ("limit", "50"), ("cursor", Cursor)));
        (_imports, _next) = (page?.Items, page?.Next);
    }

    private async Task ReadFileAsync(InputFileChangeEventArgs chosen)
    {
        (_content, _importRefused) = (null, null);
        if (chosen.File.Size > MostFileBytes)
        {
            _importRefused = new PageProblem(400, "The file is too large.", $"A file may have {MostFileBytes / (1024 * 1024)} MiB here. Import larger ones by the management API, or day by day.", null);
            return;
        }
        using var reader = new StreamReader(chosen.File.OpenReadStream(MostFileBytes, Gone));
        _content = await reader.ReadToEndAsync(Gone);
    }

    private async Task FetchAsync()
    {
        if (_from is { } from && _to is { } to)
            _fetchRefused = await SendBillAsync("reconciliation/fetches", new NewFetch { Account = _account, From = from, To = to });
    }

    private async Task ImportAsync()
    {
        if (_content is { } content)
            _importRefused = await SendBillAsync("reconciliation/imports", new NewImport { Account = _account, Format = _format, Content = content });
    }

    private async Task<PageProblem?> SendBillAsync(string path, object body)
    {
        _isBusy = true;
        try
        {
            var answer = await SendAsync<ImportView>(new PageCall(HttpMethod.Post, path, body));
            if (answer.Problem is null) await ReloadAsync();
            return answer.Problem;
        }
        finally
        {
            _isBusy = false;
        }
    }
}
