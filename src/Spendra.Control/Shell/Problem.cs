using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Spendra.Control.Shell;

/// <summary>What can go wrong with a call of the management API. Clients may rely on the names in <see cref="Problem.TypeOf"/>.</summary>
internal enum ProblemKind
{
    InvalidRequest,
    Unauthenticated,
    SignInRefused,
    Forbidden,
    SignInAgain,
    AntiforgeryRequired,
    NotFound,
    Duplicate,
    InUse,
    WrongState,
    ReplayUnavailable,
    StaleVersion,
    BodyTooLarge,
    UnsupportedMediaType,
    IdempotencyMismatch,
    VersionRequired,
    TooManyRequests,
    DatabaseUnavailable,
    IssuerUnavailable,
    Internal,
}

/// <summary>Why a call was not done: nothing of it was.</summary>
/// <param name="Kind">Decides status and type.</param>
/// <param name="Detail">One or two sentences: what happened and what to do.</param>
internal sealed record Problem(ProblemKind Kind, string Detail)
{
    public const string TypePrefix = "urn:spendra:problem:";

    /// <summary>By field of the body, or parameter: what is wrong with it.</summary>
    public ImmutableSortedDictionary<string, string[]> Errors { get; init; } =
        ImmutableSortedDictionary.Create<string, string[]>(StringComparer.Ordinal);

    /// <summary>A field that is wrong, in words that follow its name.</summary>
    public static Problem Field(string field, string message) => new(ProblemKind.InvalidRequest, $"'{field}' {message}.")
    {
        Errors = ImmutableSortedDictionary.Create<string, string[]>(StringComparer.Ordinal).Add(field, [$"{message}."]),
    };

    /// <summary>
    /// The one answer for what does not exist and for what the caller may not see, in the same bytes but for the request id.
    /// </summary>
    public static Problem NotFound { get; } = new(ProblemKind.NotFound, "There is nothing here, or nothing that you may see.");

    public int Status => Kind switch
    {
        ProblemKind.InvalidRequest => StatusCodes.Status400BadRequest,
        ProblemKind.Unauthenticated or ProblemKind.SignInRefused => StatusCodes.Status401Unauthorized,
        ProblemKind.Forbidden or ProblemKind.SignInAgain or ProblemKind.AntiforgeryRequired => StatusCodes.Status403Forbidden,
        ProblemKind.NotFound => StatusCodes.Status404NotFound,
        ProblemKind.Duplicate or ProblemKind.InUse or ProblemKind.WrongState or ProblemKind.ReplayUnavailable => StatusCodes.Status409Conflict,
        ProblemKind.StaleVersion => StatusCodes.Status412PreconditionFailed,
        ProblemKind.BodyTooLarge => StatusCodes.Status413PayloadTooLarge,
        ProblemKind.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
        ProblemKind.IdempotencyMismatch => StatusCodes.Status422UnprocessableEntity,
        ProblemKind.VersionRequired => StatusCodes.Status428PreconditionRequired,
        ProblemKind.TooManyRequests => StatusCodes.Status429TooManyRequests,
        ProblemKind.DatabaseUnavailable or ProblemKind.IssuerUnavailable => StatusCodes.Status503ServiceUnavailable,
        ProblemKind.Internal => StatusCodes.Status500InternalServerError,
    };

    /// <summary>True for what says how something stands that is there: no answer for those who may not change it.</summary>
    public bool TellsState => Kind is ProblemKind.Duplicate or ProblemKind.InUse or ProblemKind.WrongState or ProblemKind.StaleVersion or ProblemKind.VersionRequired;

    public static string TypeOf(ProblemKind kind) => TypePrefix + kind switch
    {
        ProblemKind.InvalidRequest => "invalid-request",
        ProblemKind.Unauthenticated => "unauthenticated",
        ProblemKind.SignInRefused => "sign-in-refused",
        ProblemKind.Forbidden => "forbidden",
        ProblemKind.SignInAgain => "sign-in-again",
        ProblemKind.AntiforgeryRequired => "antiforgery-required",
        ProblemKind.NotFound => "not-found",
        ProblemKind.Duplicate => "duplicate",
        ProblemKind.InUse => "in-use",
        ProblemKind.WrongState => "wrong-state",
        ProblemKind.ReplayUnavailable => "replay-unavailable",
        ProblemKind.StaleVersion => "stale-version",
        ProblemKind.BodyTooLarge => "body-too-large",
        ProblemKind.UnsupportedMediaType => "unsupported-media-type",
        ProblemKind.IdempotencyMismatch => "idempotency-mismatch",
        ProblemKind.VersionRequired => "version-required",
        ProblemKind.TooManyRequests => "too-many-requests",
        ProblemKind.DatabaseUnavailable => "database-unavailable",
        ProblemKind.IssuerUnavailable => "issuer-unavailable",
        ProblemKind.Internal => "internal",
    };

    public static string TitleOf(ProblemKind kind) => kind switch
    {
        ProblemKind.InvalidRequest => "The request is not valid.",
        ProblemKind.Unauthenticated => "Sign in first.",
        ProblemKind.SignInRefused => "This does not sign you in.",
        ProblemKind.Forbidden => "You may not do this.",
        ProblemKind.SignInAgain => "Sign in again.",
        ProblemKind.AntiforgeryRequired => "The antiforgery token is missing.",
        ProblemKind.NotFound => "Not found.",
        ProblemKind.Duplicate => "This name is taken.",
        ProblemKind.InUse => "This is still in use.",
        ProblemKind.WrongState => "This is not possible any more, or not yet.",
        ProblemKind.ReplayUnavailable => "This was created before.",
        ProblemKind.StaleVersion => "Somebody changed this in the meantime.",
        ProblemKind.BodyTooLarge => "The body is too large.",
        ProblemKind.UnsupportedMediaType => "The body is not JSON.",
        ProblemKind.IdempotencyMismatch => "The idempotency key was used for something else.",
        ProblemKind.VersionRequired => "Say which version you change.",
        ProblemKind.TooManyRequests => "Too many attempts.",
        ProblemKind.DatabaseUnavailable => "The database cannot be used right now.",
        ProblemKind.IssuerUnavailable => "The sign-in provider cannot be used right now.",
        ProblemKind.Internal => "Something went wrong here.",
    };

    /// <summary>Writes the problem as <c>application/problem+json</c>.</summary>
    public Task WriteAsync(HttpContext http)
    {
        var details = new ProblemDetails { Type = TypeOf(Kind), Title = TitleOf(Kind), Status = Status, Detail = Detail };
        details.Extensions["requestId"] = RequestIds.Of(http);
        if (!Errors.IsEmpty) details.Extensions["errors"] = Errors;
        if (Kind == ProblemKind.Unauthenticated) http.Response.Headers.WWWAuthenticate = "Bearer";
        return TypedResults.Problem(details).ExecuteAsync(http);
    }
}
