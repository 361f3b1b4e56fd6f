using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Ledger;

/// <summary>A correction of the ledger as callers see it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="RequestId">The request whose cost is corrected; null for a correction of an account.</param>
/// <param name="Account">The provider account.</param>
/// <param name="DifferenceUsd">Positive for a charge, negative for a credit.</param>
/// <param name="Reason">Why.</param>
/// <param name="Month">The month that it is meant for: booked there as long as that is open.</param>
/// <param name="State"><c>open</c>, <c>approved</c> or <c>rejected</c>.</param>
/// <param name="ProposedAt">When.</param>
/// <param name="ProposedBy">Who.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="DecidedBy">Who; never who proposed it.</param>
/// <param name="Entry">The journal entry that books it.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record AdjustmentView(
    Guid Id, Guid? RequestId, string Account, NanoUsd DifferenceUsd, string Reason, string? Month, string State, DateTime ProposedAt, string ProposedBy,
    DateTime? DecidedAt, string? DecidedBy, long? Entry, long Version)
{
    public static AdjustmentView Of(AdjustmentRow row) => new(
        row.AdjustmentId, row.ReservationId, row.Account, row.Difference, row.Reason, row.Month, row.Decision ?? "open", LedgerWords.Utc(row.ProposedAt),
        row.ProposedBy, row.DecidedAt is { } at ? LedgerWords.Utc(at) : null, row.DecidedBy, row.EntrySequence, row.Version);
}

/// <summary>A correction to propose: of one request, or of a provider account.</summary>
public sealed record NewAdjustment
{
    /// <summary>The request whose cost is corrected.</summary>
    public Guid? RequestId { get; init; }

    /// <summary>The slug of the provider account that is corrected beside all requests: a fee, a credit note.</summary>
    [Slug]
    public string? Account { get; init; }

    /// <summary>By how much, as exact decimal text: <c>"12.5"</c> charges, <c>"-12.5"</c> credits.</summary>
    [SignedUsd]
    public required string DifferenceUsd { get; init; }

    /// <summary>Why: an invoice, a credit note, a mistake. Stands in the ledger for good.</summary>
    [Plain(500)]
    public required string Reason { get; init; }

    /// <summary>The accounting period that it is meant for: <c>2026-10</c>. It is booked there as long as that is open, otherwise, and when absent, as of its approval.</summary>
    [Month]
    public string? Month { get; init; }
}

/// <summary>Which corrections.</summary>
public sealed class AdjustmentFilter
{
    [FromQuery(Name = "state"), Description("Only those that are open, approved or rejected."), AllowedTexts("open", "approved", "rejected")]
    public string? State { get; init; }
}

/// <summary>An amount that is not zero and may be negative.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SignedUsdAttribute() : ValidationAttribute("expected an amount in USD such as \"12.5\" or \"-0.25\", not zero, with at most nine decimals")
{
    public override bool IsValid(object? value) =>
        value is null || (value is string text && NanoUsd.TryParse(text, out var amount) && amount != NanoUsd.Zero);
}
