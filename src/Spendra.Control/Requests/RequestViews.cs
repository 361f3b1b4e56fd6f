using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Money;

namespace Spendra.Control.Requests;

/// <summary>What somebody asked for after a refusal, and what became of it.</summary>
/// <param name="Id">The request's id.</param>
/// <param name="Kind"><c>increase</c>: more money for the budget that refused. <c>review</c>: leave to pass the review that held the call.</param>
/// <param name="State"><c>open</c>, <c>approved</c>, <c>declined</c> or <c>withdrawn</c>.</param>
/// <param name="Refusal">The governed request that was refused.</param>
/// <param name="Key">The key that it was made with.</param>
/// <param name="Actor">Whom the key speaks for, such as <c>employee/e1001</c>.</param>
/// <param name="Budget">The budget to increase.</param>
/// <param name="Policy">The review to pass.</param>
/// <param name="AmountUsd">Increase: the money. Review: the most that one request may cost.</param>
/// <param name="Until">Until when it is wanted.</param>
/// <param name="Reason">Why, in the words of who asked.</param>
/// <param name="RequestedBy">Who asked.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="DecidedBy">Who decided, or took it back.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="DecisionReason">Why, in the words of who decided.</param>
/// <param name="GrantedUsd">What was granted.</param>
/// <param name="GrantedUntil">When the grant ends, by itself.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record RequestView(
    Guid Id, string Kind, string State, Guid Refusal, string Key, string Actor, string? Budget, string? Policy, NanoUsd AmountUsd, DateTime Until,
    string Reason, string RequestedBy, DateTime CreatedAt, string? DecidedBy, DateTime? DecidedAt, string? DecisionReason, NanoUsd? GrantedUsd,
    DateTime? GrantedUntil, long Version);

/// <summary>Asks for what a refusal lacked.</summary>
public sealed record NewRequest
{
    /// <summary>The id of the refused request, as the refusal told it.</summary>
    public required Guid Refusal { get; init; }

    /// <summary>Increase: the money. Review: the most that one request may cost.</summary>
    public required NanoUsd AmountUsd { get; init; }

    /// <summary>When it shall end; absent: with the budget's window, or after seven days for a review.</summary>
    public DateTimeOffset? Until { get; init; }

    [Plain(500)]
    public required string Reason { get; init; }
}

/// <summary>Grants a request, as it was asked or less.</summary>
public sealed record Approval
{
    /// <summary>Absent: what was asked for. Never more.</summary>
    public NanoUsd? AmountUsd { get; init; }

    /// <summary>Absent: as was asked for. Never later.</summary>
    public DateTimeOffset? Until { get; init; }

    [Plain(500)]
    public string? Reason { get; init; }
}

/// <summary>Declines a request.</summary>
public sealed record Declination
{
    [Plain(500)]
    public required string Reason { get; init; }
}

/// <summary>Adds money to a budget for a time.</summary>
public sealed record NewIncrease
{
    public required NanoUsd AmountUsd { get; init; }

    /// <summary>When it ends by itself.</summary>
    public required DateTimeOffset Until { get; init; }

    [Plain(500)]
    public required string Reason { get; init; }
}

/// <summary>Money that is part of a budget's amount for a time.</summary>
internal sealed record IncreaseView(Guid Id, string Budget, NanoUsd AmountUsd, DateTime Until, NanoUsd BudgetAmountUsd, long Version);

/// <summary>Which requests.</summary>
public sealed class RequestFilter
{
    [FromQuery(Name = "state"), Description("Only requests in this state."), AllowedTexts("open", "approved", "declined", "withdrawn")]
    public string? State { get; init; }

    [FromQuery(Name = "mine"), Description("'true' lists only your own."), AllowedTexts("true", "false")]
    public string? Mine { get; init; }
}
