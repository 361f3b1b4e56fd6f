using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;

namespace Spendra.Control.Ledger;

/// <summary>Reservations that have not ended.</summary>
public sealed partial class ReservationsPage
{
    private static readonly FilterField[] Filters = [new("scope", "Scope or actor")];

    private ScrolledList<ReservationView>? _list;

    [SupplyParameterFromQuery]
    public string? Scope { get; set; }

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(3);

    protected override async Task LoadListAsync() =>
        _list = await ShowAsync(_list, QueryText.Of("ledger/reservations", ("limit", "100"), ("scope", Scope)), r => r.RequestId.ToString());
}
