using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Spendra.Control.Shell;

/// <summary>
/// The version that an edit is based on, from <c>If-Match</c>: somebody else's change in between is never overwritten unseen.
/// </summary>
/// <param name="Version">The version, or null for <c>*</c>: whatever is there.</param>
/// <param name="Problem">Why the header does not say one.</param>
internal sealed record EntityTag(long? Version, Problem? Problem)
{
    private static readonly Problem Missing = new(ProblemKind.VersionRequired,
        "Send the entity tag of what you read (header ETag) as If-Match, or If-Match: * to change whatever is there.");

    public static ValueTask<EntityTag?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<EntityTag?>(Read(context.Request.Headers.IfMatch.ToString()));

    /// <summary>Why a row of this version is not to be changed; null when it is.</summary>
    public Problem? Check(long version)
    {
        if (Problem is not null) return Problem;
        return Version is null || Version == version ? null : new Problem(ProblemKind.StaleVersion,
            $"This is version {version} now, and your change is based on version {Version}. Read it again and repeat the change.");
    }

    public static void Write(HttpContext http, long? version)
    {
        if (version is { } known) http.Response.Headers.ETag = Of(known);
    }

    /// <summary>A version as headers carry it.</summary>
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private static EntityTag Read(string header)
    {
        if (header.Length == 0) return new EntityTag(null, Missing);
        if (header == "*") return new EntityTag(null, null);
        if (EntityTagHeaderValue.TryParse(header, out var tag) && !tag.IsWeak
            && long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            return new EntityTag(version, null);
        return new EntityTag(null, Problem.Field("If-Match", "is not an entity tag of this API, such as \"7\""));
    }
}
