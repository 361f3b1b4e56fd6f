using System.Text.Json;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects;

/// <summary>
/// A wire format: how a request is read and changed, how a response tells what it used, how an error looks. One
/// object per format, without state; what belongs to a request is in its <see cref="GovernedCall"/>.
/// </summary>
internal abstract class Dialect
{
    /// <summary>Reads what governance must know of a body into <see cref="GovernedCall.Facts"/>; null, or what is wrong.</summary>
    public abstract RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body);

    /// <summary>The body that goes upstream: the client's, but for <see cref="GovernedCall.Changes"/>.</summary>
    public abstract ReadOnlyMemory<byte> Rewrite(GovernedCall call);

    /// <summary>
    /// The body without tools that the provider would run, named as in a key's tool scope. A format that cannot leave
    /// tools out gives the body back as it is.
    /// </summary>
    public virtual StrippedBody Strip(GovernedCall call, IReadOnlyCollection<string> tools) => new(call.Body);

    /// <summary>Reads the response to a call as it passes.</summary>
    /// <param name="call">The call.</param>
    /// <param name="mediaType">The response's media type, or null.</param>
    /// <param name="maxEventBytes">The largest event, or token of a body, that is held to be read.</param>
    public abstract ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes);

    /// <summary>Whether a body is an error in this format: what a provider says itself, not what stands before it.</summary>
    public abstract bool IsError(ReadOnlySpan<byte> body);

    /// <summary>Writes Spendra's own answer as the format's clients parse errors.</summary>
    public abstract void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error);

    /// <summary>The same to a call that is known, in formats whose answers name what they answer.</summary>
    public virtual void WriteError(Utf8JsonWriter json, GovernedCall call, GatewayError error) => WriteError(json, call.RequestId, error);

    /// <summary>The name of the event that carries an error in a stream, or null when its events have none.</summary>
    public virtual string? ErrorEventOf(GovernedCall call) => null;

    /// <summary>Writes Spendra's own answer as the format's clients parse errors in the middle of a stream.</summary>
    public virtual void WriteStreamError(Utf8JsonWriter json, GovernedCall call, GatewayError error) => WriteError(json, call, error);

    /// <summary>
    /// Whether some of the format's clients read an error in the middle of a stream as nothing, and what came before it as
    /// the whole answer. For them the connection must break too.
    /// </summary>
    public virtual bool HasClientsThatPassOverErrors => false;

    /// <summary>The response header in which the format's clients look for the request's id, to put it into their errors; null when there is none.</summary>
    public virtual string? RequestIdHeader => null;

    /// <summary>The HTTP status of Spendra's own answer to a call.</summary>
    public virtual int StatusOf(GovernedCall call, GatewayError error) => error.Status;
}
