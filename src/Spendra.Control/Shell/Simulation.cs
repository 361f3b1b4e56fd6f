using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Shell;

/// <summary>Whether a change is only tried on the past. Bind with <c>[AsParameters]</c>.</summary>
public sealed class SimulateQuery
{
    private const int MostDays = 366;

    [FromQuery(Name = "simulate"), Description("A number of days such as 30d: nothing is changed, and the answer says what the change would have refused or flagged in that time.")]
    public string? Simulate { get; init; }

    internal bool IsAsked => Simulate is not null;

    /// <summary>The days, or what is wrong with the parameter.</summary>
    internal (int Days, Problem? Problem) Read() =>
        Simulate is [.. var digits, 'd'] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= MostDays
            ? (days, null)
            : (0, Problem.Field("simulate", $"is not a number of days from 1d to {MostDays}d"));
}

/// <summary>What a change would have done to past requests. Nothing was changed.</summary>
/// <param name="From">UTC: the oldest request that was looked at may be as old.</param>
/// <param name="To">UTC.</param>
/// <param name="ExaminedRequests">Requests of the scopes that the change binds.</param>
/// <param name="ExaminedUsd">What they cost.</param>
/// <param name="IsCut">True when there were more than are looked at: the oldest were left out.</param>
/// <param name="Refused">Those that would have been refused, or held for a review.</param>
/// <param name="Flagged">Those that would have been admitted with a warning or a shorter output.</param>
/// <param name="ByCode">The same by reason.</param>
/// <param name="Examples">The first ones.</param>
/// <param name="Notes">What a simulation cannot know.</param>
internal sealed record SimulationView(
    DateTime From, DateTime To, long ExaminedRequests, NanoUsd ExaminedUsd, bool IsCut, SimulatedCount Refused, SimulatedCount Flagged,
    IReadOnlyList<SimulatedCode> ByCode, IReadOnlyList<SimulatedRequest> Examples, IReadOnlyList<string> Notes);

internal sealed record SimulatedCount(long Requests, NanoUsd CostUsd)
{
    public static SimulatedCount Of(ReplayCount count) => new(count.Requests, count.Cost);
}

/// <param name="Code">The refusal's code, or <c>soft_cap</c>, <c>alert</c>, <c>review</c>, <c>output_clamped</c>.</param>
/// <param name="Requests">How many.</param>
/// <param name="CostUsd">What they cost.</param>
internal sealed record SimulatedCode(string Code, long Requests, NanoUsd CostUsd);

/// <param name="RequestId">For <c>explain</c>.</param>
/// <param name="At">UTC.</param>
/// <param name="Effect"><c>refused</c> or <c>flagged</c>.</param>
/// <param name="Code">Why.</param>
/// <param name="Policy">Which policy; null for a budget that none watches yet.</param>
/// <param name="Provider">The provider.</param>
/// <param name="Model">The model.</param>
/// <param name="BoundUsd">The most that it could have cost.</param>
/// <param name="CostUsd">What it cost.</param>
internal sealed record SimulatedRequest(
    Guid RequestId, DateTime At, string Effect, string Code, string? Policy, string Provider, string Model, NanoUsd BoundUsd, NanoUsd CostUsd);

/// <summary>Tries changed rules on what was booked.</summary>
internal static class Simulation
{
    private const long DayMicros = 86_400_000_000;

    private static readonly string[] AlwaysTrue =
    [
        "Only requests that were admitted and booked are looked at, with the scopes that they had then.",
        "Each is taken as over before the next begins, so what was in flight at the same time is not held.",
        "Which of a provider's own tools a request offered is not kept: rules about those tools see none.",
    ];

    /// <param name="database">A migrated database.</param>
    /// <param name="organizationId">The organization.</param>
    /// <param name="nowMicros">Until when.</param>
    /// <param name="days">How far back.</param>
    /// <param name="replay">The changed rules.</param>
    /// <param name="notes">What else the answer has to say.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<SimulationView> RunAsync(
        Database database, Guid organizationId, long nowMicros, int days, ChangeReplay replay, IEnumerable<string> notes, CancellationToken cancel)
    {
        var from = Math.Max(0, nowMicros - days * DayMicros);
        var past = await PastRequests.ReadAsync(database, organizationId, from, cancel);
        var tally = ReplayTally.Of(past.Requests, replay);
        return new SimulationView(
            Utc(from), Utc(nowMicros), tally.Examined.Requests, tally.Examined.Cost, past.IsCut,
            SimulatedCount.Of(tally.Refused), SimulatedCount.Of(tally.Flagged),
            [.. tally.ByCode.Select(c => new SimulatedCode(c.Key, c.Value.Requests, c.Value.Cost))],
            [.. tally.Examples.Select(e => Example(e.Request, e.Effect))],
            [.. notes, .. AlwaysTrue, .. past.IsCut ? [$"Only the newest {PastRequests.MostEvents} spend events were looked at."] : Array.Empty<string>()]);
    }

    private static SimulatedRequest Example(PastRequest request, ReplayedEffect effect) => new(
        request.RequestId, Utc(request.ReservedAt), effect.IsRefused ? "refused" : "flagged", effect.Code, effect.Policy,
        request.Provider, request.Model, request.Bound, request.Cost);

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}

/// <summary>Answers 201 with what was created, or 200 with what a simulation of it found, or the problem.</summary>
internal sealed class TriedCreationAnswer<T>(Outcome<T> outcome) : IResult, IEndpointMetadataProvider
{
    public static implicit operator TriedCreationAnswer<T>(Outcome<T> outcome) => new(outcome);

    public static implicit operator TriedCreationAnswer<T>(Problem problem) => new(problem);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(T), ["application/json"]));
    }

    // What was only tried is nowhere.
    public Task ExecuteAsync(HttpContext httpContext) => outcome.IsDone && outcome.Location is null
        ? new Answer<T>(outcome).ExecuteAsync(httpContext)
        : new CreationAnswer<T>(outcome).ExecuteAsync(httpContext);
}
