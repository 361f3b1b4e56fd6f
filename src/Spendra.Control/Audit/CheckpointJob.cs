using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Audit;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Audit;

public static class CheckpointServices
{
    /// <summary>Needs a <see cref="Database"/> and a master key among the services. Without a sink nothing is added.</summary>
    public static IServiceCollection AddAuditCheckpoints(this IServiceCollection services, AuditOptions options)
    {
        if (!options.HasSink) return services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CheckpointKey>();
        return services.AddSingleton(options).AddHostedService<CheckpointJob>();
    }
}

/// <summary>
/// Signs the ends of chains that grew and hands them to every sink. Before it signs it checks that a chain goes on from the
/// checkpoint before; one that does not is never signed again, and the log says so at every look.
/// </summary>
internal sealed partial class CheckpointJob : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Database _database;
    private readonly CheckpointKey _key;
    private readonly AuditOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<ICheckpointSink> _sinks = [];

    public CheckpointJob(Database database, CheckpointKey key, AuditOptions options, TimeProvider time, ILogger<CheckpointJob> logger)
    {
        (_database, _key, _options, _time, _logger) = (database, key, options, time, logger);
        if (options.CheckpointFile is { } file) _sinks.Add(new FileSink(file));
        if (options.CheckpointWebhook is { } address) _sinks.Add(new WebhookSink(new Uri(address)));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LogKey(_logger, _key.PublicKey);
        var pause = TimeSpan.FromSeconds(_options.CheckpointSeconds) < LongestPause ? TimeSpan.FromSeconds(_options.CheckpointSeconds) : LongestPause;
        using var timer = new PeriodicTimer(pause, _time);
        try
        {
            do await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    public override void Dispose()
    {
        foreach (var sink in _sinks) sink.Dispose();
        base.Dispose();
    }

    /// <summary>One look at every chain, for every sink; a sink that fails does not hold up the others.</summary>
    internal async Task LookAsync(CancellationToken cancel)
    {
        foreach (var sink in _sinks)
        {
            try
            {
                await FeedAsync(sink, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                LogFailed(_logger, sink.Name, e);
            }
        }
    }

    private async Task FeedAsync(ICheckpointSink sink, CancellationToken cancel)
    {
        var known = await AuditDeliveries.ReadAsync(_database, sink.Name, cancel);
        foreach (var organization in await AuditLog.ReadHeadsAsync(_database, cancel))
        {
            var last = known.GetValueOrDefault(organization.OrganizationId);
            if (!IsDue(organization, last)) continue;
            var (head, contradiction) = await AuditLog.VerifySinceAsync(_database, organization.OrganizationId,
                last is null ? AuditHead.Start : new AuditHead(last.Sequence, last.Hash), cancel);
            contradiction ??= last is null ? null : await AuditLog.ContradictionOfLedgerAsync(_database, last, cancel);
            if (contradiction is not null)
            {
                LogBroken(_logger, organization.Slug, contradiction);
                continue;
            }
            var checkpoint = new AuditCheckpoint(organization.OrganizationId, head.Sequence, head.Hash, Micros.Now(_time))
            {
                LedgerSequence = organization.LedgerSequence, LedgerSeal = organization.LedgerSeal,
            };
            await sink.KeepAsync(AuditLines.Write(checkpoint, _key), cancel);
            // Lost between the two, it is signed and kept again: nothing is wrong with two.
            await AuditDeliveries.NoteAsync(_database, sink.Name, checkpoint, cancel);
        }
    }

    private bool IsDue(OrganizationHead organization, AuditCheckpoint? last)
    {
        var head = organization.Head;
        if (last is null) return head.Sequence > 0;
        var isLate = Micros.Now(_time) - last.SignedAt >= _options.CheckpointSeconds * 1_000_000L;
        // What shrank, or changed without growing, was tampered with: looked at, and said.
        if (head.Sequence < last.Sequence || (head.Sequence == last.Sequence && !head.Hash.AsSpan().SequenceEqual(last.Hash))) return true;
        return head.Sequence - last.Sequence >= _options.CheckpointRecords
            || (isLate && (head.Sequence > last.Sequence || organization.LedgerSeal != last.LedgerSeal));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Checkpoints of the audit chains are signed by the Ed25519 key {PublicKey}")]
    private static partial void LogKey(ILogger logger, string publicKey);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The audit chain or the ledger of {Organization} contradicts what was signed before and is not signed: {Contradiction}")]
    private static partial void LogBroken(ILogger logger, string organization, string contradiction);

    [LoggerMessage(Level = LogLevel.Error, Message = "Checkpoints of the audit chains could not be kept by {Sink}; it is tried again")]
    private static partial void LogFailed(ILogger logger, string sink, Exception error);
}
