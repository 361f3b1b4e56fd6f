using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Core.Money;

namespace Spendra.Control.Ledger;

/// <summary>The journal.</summary>
public sealed partial class EntriesPage
{
    private static readonly FilterField[] Filters =
    [
        FromField, ToField, new("account", "Provider account"),
        new("kind", "Kind", FilterKind.Choice) { Choices = ["settlement", "expiry", "late", "adjustment"] },
    ];

    private ScrolledList<EntryView>? _list;

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public string? Account { get; set; }

    [SupplyParameterFromQuery]
    public string? Kind { get; set; }

    [SupplyParameterFromQuery]
    public string? Sort { get; set; }

    private string WithSort => Navigation.GetUriWithQueryParameter("sort", Sort == "sequence" ? null : "sequence");

    protected override async Task LoadListAsync() => _list = await ShowAsync(_list,
        QueryText.Of("ledger/entries", ("limit", "100"), ("from", From), ("to", To), ("account", Account), ("kind", Kind), ("sort", Sort)),
        e => e.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static NanoUsd Debits(EntryView entry) => Sum(entry.Postings.Where(p => !p.AmountUsd.IsNegative));

    private static NanoUsd Credits(EntryView entry) => -Sum(entry.Postings.Where(p => p.AmountUsd.IsNegative));

    private static NanoUsd Sum(IEnumerable<PostingView> postings) => postings.Aggregate(NanoUsd.Zero, (sum, p) => sum + p.AmountUsd);

    private static string Words(EntryView entry) => entry.Postings is [{ } debit, { } credit] && debit.Account == credit.Account && credit.AmountUsd.IsNegative
        ? $"{debit.LedgerAccount} against {credit.LedgerAccount} of {debit.Account}"
        : string.Join(", ", entry.Postings.Select(p => $"{(p.AmountUsd.IsNegative ? "credit" : "debit")} {p.LedgerAccount} of {p.Account}"));
}
