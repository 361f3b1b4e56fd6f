using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>Exports, their schedules, and how one is asked for.</summary>
public sealed partial class ExportsPage
{
    private static readonly string[] Formats = [ExportNames.Csv, ExportNames.JsonLines, ExportNames.Parquet];

    private IReadOnlyList<ExportView>? _shown;
    private string? _next;
    private IReadOnlyList<ScheduleView> _schedules = [];
    private ExportView? _export;
    private PageProblem? _refused, _scheduleRefused, _unread;
    private string _dataset = ExportNames.SpendEvents, _format = ExportNames.Csv;
    private string _scheduled = ExportNames.SpendEvents, _scheduledFormat = ExportNames.Csv, _period = ScheduleDesk.Day, _cron = "15 2 * * *";
    private DateOnly? _from, _to;

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    /// <summary>The id of the export that is shown beside the list.</summary>
    [SupplyParameterFromQuery]
    public string? Open { get; set; }

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    private string CloseHref => Navigation.GetUriWithQueryParameter("open", (string?)null);

    private bool MaySeeAll => Visitor.In(Organization)?.IsEverywhere == true;

    // Whoever may not read the record of changes cannot ask for it.
    private IEnumerable<string> Datasets =>
        Enum.GetValues<ExportDataset>().Where(d => d != ExportDataset.Audit || May(Capability.AuditRead)).Select(ExportNames.Of);

    protected override async Task LoadAsync()
    {
        var page = await ReadAsync<Page<ExportView>>(QueryText.Of("exports", ("limit", "50"), ("cursor", Cursor)));
        (_shown, _next) = (page?.Items, page?.Next);
        if (May(Capability.ExportsWrite)) _schedules = (await ReadAsync<Page<ScheduleView>>("exports/schedules?limit=100"))?.Items ?? [];
        _from ??= DateOnly.FromDateTime(new DateTime(NowUtc.Year, NowUtc.Month, 1).AddMonths(-1));
        _to ??= DateOnly.FromDateTime(new DateTime(NowUtc.Year, NowUtc.Month, 1).AddDays(-1));
        if (Open is null || _export?.Id.ToString() != Open) (_export, _unread) = (null, null);
        if (Open is null) return;
        var answer = await TryReadAsync<ExportView>($"exports/{Uri.EscapeDataString(Open)}");
        (_export, _unread) = (answer.Value, answer.Problem);
    }

    private async Task ExportAsync()
    {
        if (_from is not { } from || _to is not { } to) return;
        var body = new NewExport { Dataset = _dataset, Format = _format, From = Midnight(from), To = Midnight(to.AddDays(1)) };
        _refused = await DoAsync<ExportView>(new PageCall(HttpMethod.Post, "exports", body));
    }

    private async Task ScheduleAsync()
    {
        var body = new NewExportSchedule { Dataset = _scheduled, Format = _scheduledFormat, Cron = _cron.Trim(), Period = _period };
        _scheduleRefused = await DoAsync<ScheduleView>(new PageCall(HttpMethod.Post, "exports/schedules", body));
    }

    private async Task EndAsync(ScheduleView schedule)
    {
        if (!await Confirmation.AskAsync(Dialogs, "End this schedule?", $"{Words(schedule.Dataset)} will not be exported by it any more. What it exported stays.", "End it")) return;
        _scheduleRefused = await DoAsync<ScheduleView>(new PageCall(HttpMethod.Post, $"exports/schedules/{schedule.Id}/end"));
    }

    private async Task<PageProblem?> DoAsync<T>(PageCall call)
    {
        var problem = (await SendAsync<T>(call)).Problem;
        await ReloadAsync();
        return problem;
    }

    private string OpenHref(Guid id) => Navigation.GetUriWithQueryParameter("open", id);

    private static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static string Words(string dataset) => dataset switch
    {
        ExportNames.Focus => "charges (FOCUS)",
        ExportNames.Audit => "audit records",
        _ => dataset.Replace('-', ' '),
    };
}
