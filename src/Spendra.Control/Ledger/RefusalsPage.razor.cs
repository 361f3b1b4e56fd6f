using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;

namespace Spendra.Control.Ledger;

/// <summary>Requests that were refused.</summary>
public sealed partial class RefusalsPage
{
    private static readonly FilterField[] Filters = [FromField, ToField, new("scope", "Scope or actor"), new("code", "Why"), new("key", "Key")];

    private ScrolledList<RefusalView>? _list;

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public string? Scope { get; set; }

    [SupplyParameterFromQuery]
    public string? Code { get; set; }

    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    private bool IsFiltered => (From ?? To ?? Scope ?? Code ?? Key) is not null;

    protected override async Task LoadListAsync() => _list = await ShowAsync(_list,
        QueryText.Of("ledger/refusals", ("limit", "100"), ("from", From), ("to", To), ("scope", Scope), ("code", Code), ("key", Key)),
        r => r.RequestId.ToString());
}
