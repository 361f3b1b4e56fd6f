using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;

namespace Spendra.Control.Ledger;

/// <summary>Requests that were refused.</summary>
public sealed partial class RefusalsPage
{
    private static readonly FilterField[] Filters = [new("code", "Why"), new("key", "Key")];

    private ScrolledList<RefusalView>? _list;

    [SupplyParameterFromQuery]
    public string? Code { get; set; }

    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    protected override async Task LoadListAsync() =>
        _list = await ShowAsync(_list, QueryText.Of("ledger/refusals", ("limit", "100"), ("code", Code), ("key", Key)), r => r.RequestId.ToString());
}
