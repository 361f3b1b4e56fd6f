using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;
using Spendra.Core.Money;

namespace Spendra.Control.Requests;

/// <summary>Requests for budget and reviews: asked for, granted, declined and taken back.</summary>
public sealed partial class ApprovalsPage
{
    private static readonly (string Name, string Title)[] States =
        [("", "Waiting"), ("approved", "Granted"), ("declined", "Declined"), ("withdrawn", "Taken back"), ("all", "All")];

    private IReadOnlyList<RequestView>? _requests;
    private RequestView? _declined;
    private PageProblem? _refused;
    private string? _next;
    private string _amount = "", _reason = "", _why = "";

    /// <summary>The state that is shown; null for those that wait.</summary>
    [SupplyParameterFromQuery]
    public string? State { get; set; }

    /// <summary>The id of a refused call, as its refusal told it: the form to ask for more is open.</summary>
    [SupplyParameterFromQuery]
    public string? Refusal { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    protected override async Task LoadAsync()
    {
        var page = await ReadAsync<Page<RequestView>>(QueryText.Of("requests", ("limit", "50"), ("state", State is "all" ? null : State ?? "open"), ("cursor", Cursor)));
        (_requests, _next) = (page?.Items, page?.Next);
    }

    private bool IsShown(string name) => (State ?? "") == name;

    private async Task AskAsync()
    {
        if (!Guid.TryParse(Refusal, out var refusal)) return;
        if (!NanoUsd.TryParse(_amount.Trim(), out var amount))
        {
            _refused = PageProblem.NotAnAmount("amountUsd");
            return;
        }
        var body = new NewRequest { Refusal = refusal, AmountUsd = amount, Reason = _reason.Trim() };
        if (await DoAsync(new PageCall(HttpMethod.Post, "requests", body))) Navigation.NavigateTo(PathOf("approvals"));
    }

    private async Task ApproveAsync(RequestView request)
    {
        var what = request.Budget is { } budget
            ? $"{Amounts.Usd(request.AmountUsd)} are added to {budget} until {Until(request)}, and end by themselves. Whatever fits may be spent at once."
            : $"Requests of this key may cost up to {Amounts.Usd(request.AmountUsd)} until {Until(request)}.";
        if (!await Confirmation.AskAsync(Dialogs, "Grant this request?", what, "Grant it")) return;
        await DoAsync(new PageCall(HttpMethod.Post, $"requests/{request.Id}/approve", new Approval()) { Version = TagOf(request) });
    }

    private async Task DeclineAsync()
    {
        if (_declined is not { } request) return;
        if (await DoAsync(new PageCall(HttpMethod.Post, $"requests/{request.Id}/decline", new Declination { Reason = _why.Trim() }) { Version = TagOf(request) }))
            (_declined, _why) = (null, "");
    }

    private async Task WithdrawAsync(RequestView request) =>
        await DoAsync(new PageCall(HttpMethod.Post, $"requests/{request.Id}/withdraw") { Version = TagOf(request) });

    private async Task<bool> DoAsync(PageCall call)
    {
        _refused = (await SendAsync<RequestView>(call)).Problem;
        if (_refused is null) await ReloadAsync();
        return _refused is null;
    }

    private static string Until(RequestView request) => request.Until.ToString("d MMM yyyy HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    private static string TagOf(RequestView request) => EntityTag.Of(request.Version);
}
