using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Audit.Forwarding;

public static class ForwardServices
{
    /// <summary>Needs a <see cref="Database"/> and a <see cref="TimeProvider"/> among the services. Without an address nothing is added.</summary>
    public static IServiceCollection AddAuditForwarding(this IServiceCollection services, ForwardOptions options) =>
        options.Url is null ? services : services.AddHostedService(provider => new ForwardJob(
            provider.GetRequiredService<Database>(), options, options.IsSyslog ? new SyslogReceiver(options) : new HttpReceiver(options),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ForwardJob>>()));
}

/// <summary>
/// Tells audit records to a receiver outside: in order for each organization, each at least once. What the receiver does not confirm is
/// told again, after longer and longer pauses; meanwhile everything else goes on, the records of other organizations too when it was
/// those of one that were refused.
/// </summary>
internal sealed partial class ForwardJob : BackgroundService
{
    /// <summary>Records in one attempt.</summary>
    public const int BatchSize = 100;

    private const int BatchesPerTurn = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly ForwardOptions _options;
    private readonly IAuditReceiver _receiver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AuditForwards _forwards;
    private readonly ForwardMetrics _metrics;
    private readonly ForwardPatience _patience;
    private readonly Dictionary<Guid, ForwardPatience> _patienceByOrganization = [];
    private readonly HashSet<Guid> _held = [];
    private Guid _failed;

    public ForwardJob(Database database, ForwardOptions options, IAuditReceiver receiver, TimeProvider time, ILogger<ForwardJob> logger)
    {
        (_database, _options, _receiver, _time, _logger) = (database, options, receiver, time, logger);
        _forwards = new AuditForwards(database, NameOf(options.Url!), Guid.CreateVersion7(), time);
        _metrics = new ForwardMetrics(time);
        _patience = new ForwardPatience(time);
    }

    public override void Dispose()
    {
        _metrics.Dispose();
        _receiver.Dispose();
        base.Dispose();
    }

    // A path or a query may hold a token of the receiver: a digest tells one from another.
    internal static string NameOf(Uri address) =>
        $"{address.GetLeftPart(UriPartial.Authority)} #{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.PathAndQuery)))[..12]}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do await TurnSafelyAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LetGoAsync();
        }
    }

    private async Task TurnSafelyAsync(CancellationToken cancel)
    {
        try
        {
            await TurnAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(_logger, e.Message);
        }
    }

    /// <summary>Tells what waits, as far as the receiver takes it.</summary>
    internal async Task TurnAsync(CancellationToken cancel)
    {
        if (_patience.IsOver)
        {
            // What failed last comes last: should its records be why, they do not keep the others waiting.
            foreach (var position in (await _forwards.ListBehindAsync(cancel)).OrderBy(p => p.OrganizationId == _failed))
            {
                if (!PatienceWith(position.OrganizationId).IsOver) continue;
                if (!await TellSafelyAsync(position, cancel)) break;
            }
        }
        _metrics.Note(await _forwards.ReadLagAsync(cancel));
    }

    /// <summary>As <see cref="TellOrganizationAsync"/>; what is wrong with one organization is of no concern to the others.</summary>
    private async Task<bool> TellSafelyAsync(ForwardPosition position, CancellationToken cancel)
    {
        try
        {
            return await TellOrganizationAsync(position, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && !DatabaseUnavailableException.IsSaidBy(e))
        {
            PatienceWith(position.OrganizationId).Fail();
            LogOrganizationFailed(_logger, position.Slug, e);
            return true;
        }
    }

    /// <summary>False when the receiver takes nothing now.</summary>
    private async Task<bool> TellOrganizationAsync(ForwardPosition position, CancellationToken cancel)
    {
        if (await _forwards.HoldAsync(position.OrganizationId, cancel) is not { } told) return true;
        _held.Add(position.OrganizationId);
        try
        {
            for (var batch = 0; batch < BatchesPerTurn; batch++)
            {
                // After a refusal one at a time, so that it is known which record it is.
                var most = PatienceWith(position.OrganizationId).HasFailed ? 1 : BatchSize;
                var step = await AuditLists.ReadAsync(_database, position.OrganizationId, new AuditQuery(most, IsAscending: true) { After = told }, cancel);
                if (step.Rows.Count == 0) break;
                await TellAsync([.. step.Rows.Select(r => new ForwardedRecord(r.RecordedAt, AuditLines.Write(r, position.Slug)))], cancel);
                // Even when the process stops: what is not noted is told again.
                if (!await _forwards.AdvanceAsync(position.OrganizationId, told, step.Rows[^1].Sequence, CancellationToken.None)) break;
                told = step.Rows[^1].Sequence;
                _metrics.Told(step.Rows.Count);
                _patience.Recover();
                PatienceWith(position.OrganizationId).Recover();
            }
            return true;
        }
        catch (ForwardException e)
        {
            var patience = e.IsOfReceiver ? _patience : PatienceWith(position.OrganizationId);
            patience.Fail();
            _failed = position.OrganizationId;
            _metrics.Failed();
            LogNotTold(_logger, position.Slug, told + 1, e.Message, patience.Pause.TotalSeconds);
            return !e.IsOfReceiver;
        }
    }

    private async Task TellAsync(IReadOnlyList<ForwardedRecord> records, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(_options.AttemptLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            await _receiver.TellAsync(records, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ForwardException($"it was not confirmed within {_options.AttemptLimit.TotalSeconds:0.###} seconds", isOfReceiver: true);
        }
    }

    private ForwardPatience PatienceWith(Guid organizationId)
    {
        if (!_patienceByOrganization.TryGetValue(organizationId, out var patience)) _patienceByOrganization[organizationId] = patience = new ForwardPatience(_time);
        return patience;
    }

    private async Task LetGoAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), _time);
        foreach (var organizationId in _held)
        {
            try
            {
                await _forwards.LetGoAsync(organizationId, limit.Token);
            }
            catch (Exception e) when (e is OperationCanceledException || DatabaseUnavailableException.IsSaidBy(e))
            {
                return; // Free by itself in a while.
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Audit records of {Organization} from {Sequence} on were not told to their receiver: {Reason}; they are told again in {Seconds} s")]
    private static partial void LogNotTold(ILogger logger, string organization, long sequence, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit records of {Organization} could not be told to their receiver; it is tried again")]
    private static partial void LogOrganizationFailed(ILogger logger, string organization, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Audit records could not be told to their receiver ({Reason}); it is tried again")]
    private static partial void LogFailed(ILogger logger, string reason);
}
