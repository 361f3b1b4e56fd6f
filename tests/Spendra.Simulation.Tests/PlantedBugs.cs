using System.Net;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Tests;

/// <summary>An engine that behaves like the one behind it but for what a test overrides.</summary>
internal abstract class PassingEngine(ILedgerEngine inner) : ILedgerEngine
{
    protected IReadOnlyList<LedgerCommand> Commands { get; private set; } = [];

    public virtual async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        Commands = [.. commands];
        return await inner.BeginAsync(commands, isRepeated);
    }

    public virtual Task CommitAsync(LedgerWrites writes, LaneNotes notes) => inner.CommitAsync(writes, notes);

    public Task AbandonAsync(bool reconnect) => inner.AbandonAsync(reconnect);

    public virtual LaneFault Classify(Exception exception) => inner.Classify(exception);

    public string Describe(Exception exception) => inner.Describe(exception);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Says that it has committed and forgets some batches: their callers act on what was never written.</summary>
internal sealed class ForgetfulEngine(ILedgerEngine inner, Func<IReadOnlyList<LedgerCommand>, bool> forgets) : PassingEngine(inner)
{
    public override Task CommitAsync(LedgerWrites writes, LaneNotes notes) =>
        forgets(Commands) ? AbandonAsync(reconnect: true) : base.CommitAsync(writes, notes);
}

/// <summary>Hides that the earlier request of an idempotency key is still running.</summary>
internal sealed class ShortSightedEngine(ILedgerEngine inner) : PassingEngine(inner)
{
    public override async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        var state = await base.BeginAsync(commands, isRepeated);
        state.StillOpen.Clear();
        return state;
    }
}

/// <summary>Opens each reservation twice: no table takes that.</summary>
internal sealed class StutteringEngine(ILedgerEngine inner) : PassingEngine(inner)
{
    public override Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        writes.Opened.AddRange(writes.Opened.ToArray());
        return base.CommitAsync(writes, notes);
    }
}

/// <summary>Is away for whoever wants to reserve: then every caller is turned away, and agrees with every model.</summary>
internal sealed class AwayEngine(ILedgerEngine inner) : PassingEngine(inner)
{
    public override Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated) =>
        commands.Any(c => c.Reserves) ? throw new AwayException() : base.BeginAsync(commands, isRepeated);

    public override LaneFault Classify(Exception exception) => exception is AwayException ? LaneFault.Unavailable : base.Classify(exception);

    private sealed class AwayException() : Exception("away");
}

/// <summary>Does not see how reservations have ended: whoever ends one again is told that it is not known.</summary>
internal sealed class ForgetfulHistory(ILedgerEngine inner) : PassingEngine(inner)
{
    public override async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        var state = await base.BeginAsync(commands, isRepeated);
        state.Spent.Clear();
        state.Released.Clear();
        return state;
    }
}

/// <summary>Tells a gateway of a refused connection as if the connection had broken later.</summary>
internal sealed class VagueConnections(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new HttpRequestException("broken", new IOException("broken"));
        }
    }
}

/// <summary>Turns a refusal of the provider into a failure, after which a gateway books the bound.</summary>
internal sealed class HarshRefusals(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.TooManyRequests) response.StatusCode = HttpStatusCode.InternalServerError;
        return response;
    }
}

/// <summary>Sends every request once more, long after its response: a client library that retries by itself.</summary>
internal sealed class EagerRetries(HttpMessageHandler inner, Action<Action> later) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(CancellationToken.None);
        var again = new HttpRequestMessage(request.Method, request.RequestUri) { Content = body is null ? null : new ByteArrayContent(body) };
        again.Headers.Add("x-client-request-id", request.Headers.GetValues("x-client-request-id"));
        later(() => _ = base.SendAsync(again, CancellationToken.None));
        return await base.SendAsync(request, cancellationToken);
    }
}
