using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Spendra.Control.Shell;

/// <summary>What an operation came to: a value with its version, or a problem. Exactly one of the two.</summary>
internal sealed record Outcome<T>
{
    private Outcome()
    {
    }

    public T? Value { get; private init; }

    public Problem? Problem { get; private init; }

    /// <summary>Becomes the entity tag; null for what has no versions.</summary>
    public long? Version { get; init; }

    /// <summary>Where what was created is found.</summary>
    public string? Location { get; init; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Problem))]
    public bool IsDone => Problem is null;

    public static Outcome<T> Done(T value, long? version = null, string? location = null) =>
        new() { Value = value, Version = version, Location = location };

    public static implicit operator Outcome<T>(Problem problem) => new() { Problem = problem };
}

/// <summary>Answers 200 with the value and its entity tag, or the problem.</summary>
internal sealed class Answer<T>(Outcome<T> outcome) : IResult, IEndpointMetadataProvider
{
    public static implicit operator Answer<T>(Outcome<T> outcome) => new(outcome);

    public static implicit operator Answer<T>(Problem problem) => new(problem);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!outcome.IsDone) return outcome.Problem.WriteAsync(httpContext);
        EntityTag.Write(httpContext, outcome.Version);
        return TypedResults.Ok(outcome.Value).ExecuteAsync(httpContext);
    }
}

/// <summary>Answers 201 with what was created, where it is and its entity tag, or the problem.</summary>
internal sealed class CreationAnswer<T>(Outcome<T> outcome) : IResult, IEndpointMetadataProvider
{
    public static implicit operator CreationAnswer<T>(Outcome<T> outcome) => new(outcome);

    public static implicit operator CreationAnswer<T>(Problem problem) => new(problem);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(T), ["application/json"]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!outcome.IsDone) return outcome.Problem.WriteAsync(httpContext);
        EntityTag.Write(httpContext, outcome.Version);
        return TypedResults.Created(outcome.Location, outcome.Value).ExecuteAsync(httpContext);
    }
}
