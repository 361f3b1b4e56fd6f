using Spendra.Core.Alerts;
using Spendra.Storage.Alerts;
using Spendra.Storage.Keys;

namespace Spendra.Control.Alerts.Channels;

/// <summary>Sends through a channel of any kind: opens its secret and bounds how long an attempt takes.</summary>
internal sealed class ChannelSenders : IDisposable
{
    private readonly MasterKey _masterKey;
    private readonly AlertOptions _options;
    private readonly TimeProvider _time;
    private readonly HookClient _hooks;
    private readonly SlackSender _slack;
    private readonly TeamsSender _teams;
    private readonly PagerDutySender _pagerDuty;
    private readonly WebhookSender _webhook;

    public ChannelSenders(MasterKey masterKey, AlertOptions options, TimeProvider time)
    {
        (_masterKey, _options, _time) = (masterKey, options, time);
        _hooks = new HookClient(options, time);
        Email = new EmailSender(options);
        _slack = new SlackSender(_hooks);
        _teams = new TeamsSender(_hooks);
        _pagerDuty = new PagerDutySender(_hooks);
        _webhook = new WebhookSender(_hooks, time);
    }

    /// <summary>A test may send mail that trusts its own server.</summary>
    internal EmailSender Email { private get; init; }

    /// <summary>One attempt, not longer than the options say. Whatever goes wrong comes back as a result.</summary>
    public async Task<SendResult> SendAsync(Guid organizationId, ChannelRow channel, Guid deliveryId, AlertNotice notice, bool isTest, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(_options.AttemptLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            var secret = ChannelSecret.Open(_masterKey, organizationId, channel);
            // What does not heed its token must not hold up the channel either.
            return await SenderOf(channel.Kind).SendAsync(new OutgoingNotice(deliveryId, notice, channel.Settings, secret, isTest), either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return new SendResult(false, Error: $"no answer within {_options.AttemptLimit.TotalSeconds:0.###} seconds");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new SendResult(false, Error: "no connection could be made in time");
        }
        catch (MasterKeyException e)
        {
            return new SendResult(false, Error: e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nothing of what it says: it may hold an address. A notice that is never noted as failed would be tried for ever.
            return new SendResult(false, Error: $"it could not be sent ({e.GetType().Name})");
        }
    }

    public void Dispose() => _hooks.Dispose();

    private INoticeSender SenderOf(ChannelKind kind) => kind switch
    {
        ChannelKind.Email => Email,
        ChannelKind.Slack => _slack,
        ChannelKind.Teams => _teams,
        ChannelKind.PagerDuty => _pagerDuty,
        ChannelKind.Webhook => _webhook,
    };
}
