using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Snapshots;
using Spendra.Gateway.Telemetry;
using Spendra.Storage.Keys;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway;

/// <summary>What the steps of a governed request work with. One per gateway process.</summary>
internal sealed class GatewayParts(
    GatewayOptions options, GatewayEnvironment environment, LedgerLane lane, MasterKey masterKey, ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<(Guid KeyId, Guid PolicyId), InFlightCount> _inFlight = new();

    /// <summary>Names this process in its reservations, so that they are in doubt as soon as it is gone.</summary>
    public Guid GatewayId { get; } = environment.Ids.Next(environment.Time.GetUtcNow());

    public GatewayOptions Options { get; } = options;

    public LedgerLane Lane { get; } = lane;

    public MasterKey MasterKey { get; } = masterKey;

    public TimeProvider Time { get; } = environment.Time;

    public ILogger Logger { get; } = logger;

    public SnapshotStore Snapshots { get; } = new(environment.Governance);

    public IProviderObjectSource Objects { get; } = environment.Objects;

    public IReservationSource Reservations { get; } = environment.Reservations;

    public CredentialVault Credentials { get; } = new(masterKey);

    public UpstreamClient Upstream { get; } = environment.Upstream;

    public AccessTokens Tokens { get; } = new(options, environment.Time, logger);

    public BoundTightness Tightness { get; } = new();

    public GatewayMetrics Metrics { get; } = new();

    public InFlightRequests Requests => Metrics.Requests;

    public BatchDesk Batches { get; } = new();

    /// <summary>Requests of a key under a limit on concurrency; all of the key's under the empty id.</summary>
    public InFlightCount InFlightOf(Guid keyId, Guid policyId) => _inFlight.GetOrAdd((keyId, policyId), static _ => new InFlightCount());

    public Guid NewRequestId() => environment.Ids.Next(Time.GetUtcNow());

    public void Dispose()
    {
        Upstream.Dispose();
        Tokens.Dispose();
        Tightness.Dispose();
        Metrics.Dispose();
        Batches.Dispose();
    }
}
