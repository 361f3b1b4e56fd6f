using System.Text;
using Spendra.Control.Alerts.Channels;
using Spendra.Storage;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Tests.Alerts;

/// <summary>What each kind of channel says on the wire, to real receivers.</summary>
public sealed class ChannelSenderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_webhook_carries_an_id_a_time_and_a_signature_that_others_compute_alike()
    {
        await using var sink = await HttpSink.StartAsync();
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));

        await world.StandAsync("a");
        await world.Worker().SendDueAsync(Cancel);

        var got = sink.Got.Single();
        got.Path.Should().Be("/hook?token=s3cret");
        var (id, timestamp) = (got.Headers["webhook-id"], got.Headers["webhook-timestamp"]);
        id.Should().Be((await world.NoticesAsync()).Single().DeliveryId.ToString());
        timestamp.Should().Be(world.Time.GetUtcNow().ToUnixTimeSeconds().ToString());
        // As the scheme's specification tells it, by another library's hands.
        var mac = new Org.BouncyCastle.Crypto.Macs.HMac(new Org.BouncyCastle.Crypto.Digests.Sha256Digest());
        mac.Init(new Org.BouncyCastle.Crypto.Parameters.KeyParameter(Convert.FromBase64String(AlertWorld.WebhookSecret["whsec_".Length..])));
        byte[] signed = [.. Encoding.UTF8.GetBytes(id + "." + timestamp + "."), .. got.Body];
        mac.BlockUpdate(signed, 0, signed.Length);
        var digest = new byte[mac.GetMacSize()];
        mac.DoFinal(digest, 0);
        got.Headers["webhook-signature"].Should().Be("v1," + Convert.ToBase64String(digest));
        got.Headers["content-type"].Should().Be("application/json");

        ((string?)got.Json["type"]).Should().Be("alert.raised");
        var data = got.Json["data"]!;
        ((string?)data["title"]).Should().Be("Budget a has spent <too> much & more");
        ((string?)data["facts"]!["settledUsd"]).Should().Be("12.5");
        ((string?)data["organization"], (string?)data["kind"], (string?)data["severity"], (string?)data["scope"]).Should().Be(("acme", "soft_cap", "critical", null));
    }

    [Fact]
    public async Task Slack_gets_text_in_which_nothing_is_a_link_and_teams_a_card()
    {
        await using var slack = await HttpSink.StartAsync();
        await using var teams = await HttpSink.StartAsync();
        teams.Status = static _ => 202;
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("slack", new { slug = "slack", slack = new { address = slack.Address } });
        await world.SubscribeAsync("teams", new { slug = "teams", teams = new { address = teams.Address } });

        await world.StandAsync("a");
        await world.Worker().SendDueAsync(Cancel);

        var text = slack.Got.Single().Json;
        ((string?)text["text"]).Should().Be("[acme] critical: Budget a has spent &lt;too&gt; much &amp; more");
        text["blocks"]!.AsArray().Should().HaveCount(2);
        text["blocks"]![1]!["fields"]!.AsArray().Select(f => (string?)f!["text"]).Should().Contain("*settledUsd*\n12.5");
        var message = teams.Got.Single().Json;
        ((string?)message["type"]).Should().Be("message");
        ((string?)message["attachments"]![0]!["contentType"]).Should().Be("application/vnd.microsoft.card.adaptive");
        var card = message["attachments"]![0]!["content"]!;
        ((string?)card["type"], (string?)card["body"]![0]!["text"]).Should().Be(("AdaptiveCard", "[acme] critical: Budget a has spent <too> much & more"));
        (await world.NoticesAsync()).Should().OnlyContain(d => d.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task PagerDuty_hears_of_one_incident_under_one_key_from_trigger_to_resolve()
    {
        await using var sink = await HttpSink.StartAsync();
        sink.Status = static _ => 202;
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("pager", new { slug = "pager", pagerDuty = new { routingKey = "R0UT1NG", address = sink.Address } });

        await world.StandAsync("a");
        var alert = (await world.Finance.GetAsync("/alerts")).Items("id").Single();
        (await world.Finance.PostAsync($"/alerts/{alert}/acknowledge", null, "*")).Status.Should().Be(200);
        // People's clock is the wall's.
        world.Time.SetUtcNow(DateTimeOffset.UtcNow);
        await world.StandAsync();
        await world.Worker().SendDueAsync(Cancel);

        sink.Got.Select(g => (string?)g.Json["event_action"]).Should().Equal("trigger", "acknowledge", "resolve");
        sink.Got.Should().OnlyContain(g => (string?)g.Json["dedup_key"] == alert && (string?)g.Json["routing_key"] == "R0UT1NG");
        var payload = sink.Got.First().Json["payload"]!;
        ((string?)payload["summary"], (string?)payload["severity"], (string?)payload["source"], (string?)payload["class"]).Should()
            .Be(("Budget a has spent <too> much & more", "critical", "spendra/acme", "soft_cap"));
        sink.Got.Last().Json["payload"].Should().BeNull();
    }

    [Fact]
    public async Task Mail_goes_by_starttls_and_signs_in_and_is_known_again_by_its_message_id()
    {
        using var certificate = SmtpSink.SelfSigned();
        await using var sink = new SmtpSink { Certificate = certificate, Account = ("spendra", "p@ss wörd") };
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("mail", new { slug = "mail", email = Mail(sink, "p@ss wörd") });
        await world.StandAsync("a");
        using var senders = new ChannelSenders(world.Api.Store.MasterKey, world.Options, world.Time)
        {
            Email = new EmailSender(world.Options) { Trust = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString() },
        };

        await world.Worker(senders: senders).SendDueAsync(Cancel);

        var mail = sink.Got.Single();
        mail.Should().Match<TakenMail>(m => m.From == "spendra@acme.example" && m.User == "spendra" && m.IsEncrypted);
        mail.To.Should().Equal("cfo@acme.example", "ops@acme.example");
        var notice = (await world.NoticesAsync()).Single();
        mail.Text.Should().Contain($"Message-Id: <{notice.DeliveryId}@spendra>").And.Contain($"References: <{notice.AlertId}@spendra>")
            .And.Contain("Subject: [acme] critical: Budget a has spent <too> much & more").And.Contain("settledUsd: 12.5").And.Contain("Auto-Submitted: auto-generated");
        notice.State.Should().Be(DeliveryState.Delivered);
    }

    [Fact]
    public async Task Nothing_is_said_to_a_mail_server_whose_certificate_nobody_vouches_for_or_that_has_none()
    {
        using var certificate = SmtpSink.SelfSigned();
        await using var strange = new SmtpSink { Certificate = certificate, Account = ("spendra", "secret") };
        await using var open = new SmtpSink { Account = ("spendra", "secret") };
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("strange", new { slug = "strange", email = Mail(strange, "secret") });
        await world.SubscribeAsync("open", new { slug = "open", email = Mail(open, "secret") });
        await world.StandAsync("a");

        await world.Worker().SendDueAsync(Cancel);

        foreach (var sink in new[] { strange, open }) sink.Lines.Should().OnlyContain(l => l.StartsWith("EHLO") || l == "STARTTLS" || l == "QUIT");
        (await world.NoticesAsync()).Select(n => (n.Channel, n.State, n.LastError)).Should().BeEquivalentTo(
        [
            ("strange", DeliveryState.Pending, "no secure connection could be made"),
            ("open", DeliveryState.Pending, "the mail server offers no secure connection, or no way to sign in that is known here"),
        ]);
    }

    [Fact]
    public async Task A_recipient_that_is_gone_for_good_keeps_no_other_from_hearing_and_one_that_is_full_is_tried_again()
    {
        await using var sink = new SmtpSink();
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("mail", new { slug = "mail", email = Relay(sink) });
        await world.StandAsync("a");

        sink.OnRecipient = to => to == "ops@acme.example" ? "452 mailbox full" : "250 ok";
        await world.Worker().SendDueAsync(Cancel);
        (await world.NoticesAsync()).Single().Should().Match<DeliveryRow>(d => d.State == DeliveryState.Pending && d.LastStatus == 452);
        sink.OnRecipient = to => to == "ops@acme.example" ? "550 no such user" : "250 ok";
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await world.Worker().SendDueAsync(Cancel);

        sink.Got.Single().To.Should().Equal("cfo@acme.example");
        (await world.NoticesAsync()).Single().Should().Match<DeliveryRow>(d => d.State == DeliveryState.Delivered && d.LastError == "1 of 2 recipients were not accepted");
    }

    [Fact]
    public async Task A_private_address_is_not_reached_unless_it_is_permitted()
    {
        await using var hook = await HttpSink.StartAsync();
        await using var mail = new SmtpSink();
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", hook));
        await world.SubscribeAsync("mail", new { slug = "mail", email = Relay(mail) });
        await world.StandAsync("a");
        using var strict = new ChannelSenders(world.Api.Store.MasterKey, world.Options with { AllowInside = false }, world.Time);

        await world.Worker(senders: strict).SendDueAsync(Cancel);

        hook.Got.Should().BeEmpty();
        mail.Lines.Should().BeEmpty();
        (await world.NoticesAsync()).Should().OnlyContain(d => d.State == DeliveryState.Pending && d.LastError == "the address is private, which is not permitted here");
    }

    [Fact]
    public async Task The_button_sends_what_says_that_it_is_a_test_and_tells_what_is_wrong()
    {
        await using var sink = await HttpSink.StartAsync();
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Sqlite);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.SubscribeAsync("pager", new { slug = "pager", pagerDuty = new { routingKey = "k", address = sink.Address } });

        (await world.Platform.PostAsync("/alert-channels/hook/test")).Json.GetProperty("isDelivered").GetBoolean().Should().BeTrue();
        ((string?)sink.Got.Single().Json["type"]).Should().Be("alert.test");
        (await world.Platform.PostAsync("/alert-channels/pager/test")).Json.GetProperty("isDelivered").GetBoolean().Should().BeTrue();
        sink.Got.Skip(1).Select(g => (string?)g.Json["event_action"]).Should().Equal("trigger", "resolve");
        sink.Status = static _ => 401;
        var refused = await world.Platform.PostAsync("/alert-channels/hook/test");
        (refused.Json.GetProperty("status").GetInt32(), refused.Json.GetProperty("failure").GetString()).Should().Be((401, "the answer was HTTP 401"));
        (await world.Finance.PostAsync("/alert-channels/hook/test")).ProblemType.Should().Be("forbidden");
        (await world.NoticesAsync()).Should().BeEmpty("nothing has happened");
    }

    private static object Mail(SmtpSink sink, string password) => new
    {
        host = "localhost", port = sink.Port, username = "spendra", password, from = "Spendra <spendra@acme.example>", to = new[] { "cfo@acme.example", "ops@acme.example" },
    };

    private static object Relay(SmtpSink sink) => new
    {
        host = "localhost", port = sink.Port, security = "none", from = "spendra@acme.example", to = new[] { "cfo@acme.example", "ops@acme.example" },
    };
}
