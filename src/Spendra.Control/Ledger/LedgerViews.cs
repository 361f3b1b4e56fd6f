using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Storage.Ledger.Lists;

namespace Spendra.Control.Ledger;

/// <summary>A spend event as callers see it.</summary>
/// <param name="RequestId">The request that it belongs to; explain it by this id.</param>
/// <param name="Number">0 tells the whole story of the request, later ones the difference.</param>
/// <param name="Kind"><c>settled</c>, <c>expired</c>, <c>late</c> or <c>adjusted</c>.</param>
/// <param name="OccurredAt">When it was booked.</param>
/// <param name="ReservedAt">When the request's money was held.</param>
/// <param name="Key">The key's slug.</param>
/// <param name="Actor">Whom the key speaks for.</param>
/// <param name="Scopes">The scopes that it belongs to, organization first.</param>
/// <param name="Provider">As prices name it.</param>
/// <param name="Account">The provider account's slug.</param>
/// <param name="Model">As it was asked for.</param>
/// <param name="Route">The governed route.</param>
/// <param name="Environment">The label of the key.</param>
/// <param name="CostUsd">What it cost; of a correction the difference, which may be negative.</param>
/// <param name="HeldUsd">What was held for the request.</param>
/// <param name="InputTokens">Of every class.</param>
/// <param name="OutputTokens">Of every class.</param>
/// <param name="IsEstimated">The cost is the bound, because the usage is not known.</param>
/// <param name="IsBilled">The cost is what the provider said.</param>
/// <param name="Entry">The journal entry that books it.</param>
/// <param name="Reason">Of a correction.</param>
internal sealed record EventView(
    Guid RequestId, int Number, string Kind, DateTime OccurredAt, DateTime ReservedAt, string Key, string Actor, IReadOnlyList<string> Scopes,
    string Provider, string Account, string Model, string Route, string? Environment, NanoUsd CostUsd, NanoUsd HeldUsd, long InputTokens,
    long OutputTokens, bool IsEstimated, bool IsBilled, long Entry, string? Reason)
{
    public static EventView Of(ListedEvent row) => new(
        row.EventKey.ReservationId, row.EventKey.Number, LedgerWords.Of(row.Kind), LedgerWords.Utc(row.OccurredAt), LedgerWords.Utc(row.ReservedAt),
        row.Key, row.Actor, row.Scopes, row.Provider, row.Account, row.Model, row.Route, row.Environment, row.Cost, row.Held, row.Input, row.Output,
        row.IsEstimated, row.IsBilled, row.EntrySequence, row.Reason);
}

/// <summary>A journal entry as callers see it.</summary>
/// <param name="Sequence">Its number: 1, 2, 3, … without a gap.</param>
/// <param name="Kind"><c>settlement</c>, <c>expiry</c>, <c>late</c> or <c>adjustment</c>.</param>
/// <param name="RequestId">The request that it books; of a correction of an account the adjustment's id.</param>
/// <param name="EventNumber">Which event of the request.</param>
/// <param name="Corrects">The entry that it corrects.</param>
/// <param name="BookedAt">When.</param>
/// <param name="Postings">Its lines, which add up to zero.</param>
internal sealed record EntryView(
    long Sequence, string Kind, Guid RequestId, int EventNumber, long? Corrects, DateTime BookedAt, IReadOnlyList<PostingView> Postings)
{
    public static EntryView Of(ListedEntry row) => new(row.Sequence, LedgerWords.Of(row.Kind), row.CauseId, row.EventNumber, row.Corrects,
        LedgerWords.Utc(row.BookedAt), [.. row.Postings.Select(p => new PostingView(LedgerWords.Of(p.LedgerAccount), p.Account, p.Amount))]);
}

/// <param name="LedgerAccount"><c>expense</c> or <c>payable</c>.</param>
/// <param name="Account">The provider account's slug.</param>
/// <param name="AmountUsd">Debits are positive, credits negative.</param>
internal sealed record PostingView(string LedgerAccount, string Account, NanoUsd AmountUsd);

/// <summary>A reservation that has not ended.</summary>
internal sealed record ReservationView(
    Guid RequestId, string Key, string Actor, string Provider, string Model, string Route, string? Environment, NanoUsd HeldUsd,
    DateTime ReservedAt, DateTime ExpiresAt)
{
    public static ReservationView Of(ListedReservation row) => new(row.ReservationId, row.Key, row.Actor, row.Provider, row.Model, row.Route,
        row.Environment, row.Held, LedgerWords.Utc(row.ReservedAt), LedgerWords.Utc(row.ExpiresAt));
}

/// <summary>A refused request.</summary>
internal sealed record RefusalView(
    Guid RequestId, string Key, string Actor, string? Provider, string? Model, string Route, string Code, string Message, string? Policy,
    string? Budget, NanoUsd? NeededUsd, DateTime RefusedAt)
{
    public static RefusalView Of(ListedRefusal row) => new(row.RequestId, row.Key, row.Actor, row.Provider, row.Model, row.Route, row.Code,
        row.Message, row.Policy, row.Budget, row.Needed, LedgerWords.Utc(row.RefusedAt));
}

/// <summary>Which spend events.</summary>
public sealed class EventFilter
{
    [FromQuery(Name = "from"), Description("Only requests from this instant on, such as 2026-11-01T00:00:00Z.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("Only requests before this instant.")]
    public string? To { get; init; }

    [FromQuery(Name = "provider"), Description("Only of this provider.")]
    public string? Provider { get; init; }

    [FromQuery(Name = "model"), Description("Only of this model, by its exact id.")]
    public string? Model { get; init; }

    [FromQuery(Name = "key"), Description("Only of the key of this slug.")]
    public string? Key { get; init; }

    [FromQuery(Name = "scope"), Description("Only what belongs to this scope or actor, such as team/search or agent/crawler.")]
    public string? Scope { get; init; }

    [FromQuery(Name = "kind"), Description("Only events of this kind."), AllowedTexts("settled", "expired", "late", "adjusted")]
    public string? Kind { get; init; }

    [FromQuery(Name = "estimated"), Description("Only those whose cost is, or is not, the bound."), AllowedTexts("true", "false")]
    public string? Estimated { get; init; }
}

/// <summary>Which journal entries.</summary>
public sealed class EntryFilter
{
    [FromQuery(Name = "from"), Description("Only entries that were booked from this instant on.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("Only entries that were booked before this instant.")]
    public string? To { get; init; }

    [FromQuery(Name = "kind"), Description("Only entries of this kind."), AllowedTexts("settlement", "expiry", "late", "adjustment")]
    public string? Kind { get; init; }

    [FromQuery(Name = "account"), Description("Only entries of the provider account of this slug.")]
    public string? Account { get; init; }
}

/// <summary>Which open reservations.</summary>
public sealed class ReservationFilter
{
    [FromQuery(Name = "scope"), Description("Only what belongs to this scope or actor, such as team/search.")]
    public string? Scope { get; init; }
}

/// <summary>Which refusals.</summary>
public sealed class RefusalFilter
{
    [FromQuery(Name = "from"), Description("Only requests from this instant on, such as 2026-11-01T00:00:00Z.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("Only requests before this instant.")]
    public string? To { get; init; }

    [FromQuery(Name = "scope"), Description("Only of keys whose actor or project is this scope or below it, such as team/search.")]
    public string? Scope { get; init; }

    [FromQuery(Name = "code"), Description("Only refusals of this code, such as budget_exceeded.")]
    public string? Code { get; init; }

    [FromQuery(Name = "key"), Description("Only of the key of this slug.")]
    public string? Key { get; init; }
}
