using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;

namespace Spendra.Control.Reconciliation;

/// <summary>One comparison: how far the bill is explained, why it differs, and correcting that.</summary>
public sealed partial class RunPage
{
    private RunView? _run;
    private IReadOnlyList<DifferenceView> _differences = [];
    private ProposalsView? _proposed;
    private PageProblem? _refused;
    private string? _next;

    [Parameter]
    public string Id { get; set; } = "";

    /// <summary>Only differences for this reason.</summary>
    [SupplyParameterFromQuery]
    public string? Kind { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    private string Path => $"reconciliation/runs/{Uri.EscapeDataString(Id)}";

    protected override async Task LoadAsync()
    {
        _run = await ReadAsync<RunView>(Path);
        if (_run is null) return;
        var page = await ReadAsync<Page<DifferenceView>>(QueryText.Of($"{Path}/differences", ("limit", "100"), ("kind", Kind), ("cursor", Cursor)));
        (_differences, _next) = (page?.Items ?? [], page?.Next);
    }

    private async Task ProposeAsync()
    {
        var body = new NewProposals { Kinds = Kind is null ? null : [Kind] };
        var answer = await SendAsync<ProposalsView>(new PageCall(HttpMethod.Post, $"{Path}/proposals", body));
        (_refused, _proposed) = (answer.Problem, answer.Value);
        if (_refused is null) await ReloadAsync();
    }

    private static string Words(string kind) => kind switch
    {
        "outside_gateway" => "spent outside the gateway",
        "price_drift" => "another price",
        "cache_class" => "cache counted otherwise",
        "late" => "billed on the day beside",
        "rounding" => "rounding",
        "estimated_settlement" => "booked at its bound",
        _ => kind,
    };
}
