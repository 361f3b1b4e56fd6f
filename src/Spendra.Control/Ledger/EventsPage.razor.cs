using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;

namespace Spendra.Control.Ledger;

/// <summary>Spend events.</summary>
public sealed partial class EventsPage
{
    private static readonly FilterField[] Filters =
    [
        FromField, ToField, new("scope", "Scope or actor"), new("key", "Key"), new("provider", "Provider"), new("model", "Model"),
        new("kind", "Kind", FilterKind.Choice) { Choices = ["settled", "expired", "late", "adjusted"] },
        new("estimated", "At the bound", FilterKind.Choice) { Choices = ["true", "false"] },
    ];

    private ScrolledList<EventView>? _list;

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public string? Scope { get; set; }

    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    [SupplyParameterFromQuery]
    public string? Provider { get; set; }

    [SupplyParameterFromQuery]
    public string? Model { get; set; }

    [SupplyParameterFromQuery]
    public string? Kind { get; set; }

    [SupplyParameterFromQuery]
    public string? Estimated { get; set; }

    protected override async Task LoadListAsync() => _list = await ShowAsync(_list,
        QueryText.Of("ledger/events", ("limit", "100"), ("from", From), ("to", To), ("scope", Scope), ("key", Key), ("provider", Provider), ("model", Model),
            ("kind", Kind), ("estimated", Estimated)),
        e => $"{e.RequestId} {e.Number}");
}
