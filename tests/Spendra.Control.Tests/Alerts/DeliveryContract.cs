using System.Collections.Concurrent;
using Dapper;
using System.Net;
using System.Net.Sockets;
using Spendra.Control.Alerts;
using Spendra.Control.Tests.Api;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Tests.Alerts;

/// <summary>Receivers that fail, hang and come back, and workers that die: nothing is lost and nothing else is held up.</summary>
public abstract class DeliveryContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receivers_that_never_answer_hold_up_no_other_and_lose_nothing()
    {
        await using var silentMail = new SmtpSink { IsSilent = true };
        await using var stuckMail = new SmtpSink { OnData = null };
        await using var silentHook = await HttpSink.StartAsync();
        silentHook.Status = static _ => null;
        await using var well = await HttpSink.StartAsync();
        // An attempt at one that is silent lasts longer than the whole test unless it is ended.
        await using var world = await AlertWorld.StartAsync(engine, new AlertOptions
        {
            AllowInside = true, AttemptLimit = TimeSpan.FromMinutes(5), SendInterval = TimeSpan.FromMilliseconds(20),
        });
        await world.SubscribeAsync("a-silent", new { slug = "a-silent", email = Relay(silentMail) });
        await world.SubscribeAsync("b-stuck", new { slug = "b-stuck", email = Relay(stuckMail) });
        await world.SubscribeAsync("c-hook", AlertWorld.Hook("c-hook", silentHook));
        await world.SubscribeAsync("d-well", AlertWorld.Hook("d-well", well));
        await world.StandAsync("a", "b");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var sent = new SemaphoreSlim(0);
        var running = world.Worker(TimeProvider.System, _ => Task.FromResult(sent.Release())).SendUntilAsync(stop.Token);
        for (var n = 0; n < 2; n++) await sent.WaitAsync(Cancel);
        await world.StandAsync("a", "b", "c");
        await sent.WaitAsync(Cancel);
        await silentHook.Arrived.WaitAsync(Cancel);
        await stop.CancelAsync();
        await running;

        well.Got.Should().HaveCount(3);
        (await world.NoticesAsync()).Where(d => d.Channel == "d-well").Should().HaveCount(3).And.OnlyContain(d => d.State == DeliveryState.Delivered);
        (await world.NoticesAsync()).Where(d => d.Channel != "d-well").Should().HaveCount(9).And.OnlyContain(d => d.State == DeliveryState.Pending);
        silentHook.Got.Should().HaveCount(1, "one notice of a channel is on its way at a time");
    }

    [Fact]
    public async Task An_attempt_ends_after_its_time_and_is_made_again()
    {
        await using var mail = new SmtpSink { IsSilent = true };
        await using var hook = await HttpSink.StartAsync();
        hook.Status = static n => n == 1 ? null : 200;
        await using var world = await AlertWorld.StartAsync(engine, new AlertOptions { AllowInside = true, AttemptLimit = TimeSpan.FromMilliseconds(300) });
        await world.SubscribeAsync("mail", new { slug = "mail", email = Relay(mail) });
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", hook));
        await world.StandAsync("a");

        await world.Worker(TimeProvider.System).SendDueAsync(Cancel);
        (await world.NoticesAsync()).Should().OnlyContain(d => d.State == DeliveryState.Pending && d.Attempts == 1 && d.LastError == "no answer within 0.3 seconds");
        mail.IsSilent = false;
        await HurryAsync(world);
        await world.Worker(TimeProvider.System).SendDueAsync(Cancel);

        (await world.NoticesAsync()).Should().OnlyContain(d => d.State == DeliveryState.Delivered && d.Attempts == 2);
        hook.Got.Select(g => g.Headers["webhook-id"]).Distinct().Should().ContainSingle();
        mail.Got.Should().ContainSingle();
    }

    [Fact]
    public async Task A_receiver_to_which_no_connection_comes_to_stand_is_noted_as_one()
    {
        // What is waiting to be accepted fills it: whoever comes next hears nothing.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var address = (IPEndPoint)full.LocalEndPoint!;
        var filling = new List<TcpClient>();
        for (var connected = true; connected;)
        {
            var next = new TcpClient();
            filling.Add(next);
            var connecting = next.ConnectAsync(address, Cancel).AsTask();
            connected = await Task.WhenAny(connecting, Task.Delay(TimeSpan.FromMilliseconds(300), Cancel)) == connecting;
        }
        await using var world = await AlertWorld.StartAsync(engine, new AlertOptions
        {
            AllowInside = true, AttemptLimit = TimeSpan.FromMinutes(1), ConnectLimit = TimeSpan.FromMilliseconds(200),
        });
        await world.SubscribeAsync("hook", new { slug = "hook", webhook = new { address = $"http://{address}/", secret = AlertWorld.WebhookSecret } });
        await world.StandAsync("a");

        await world.Worker(TimeProvider.System).SendDueAsync(Cancel);

        (await world.NoticesAsync()).Single().Should().Match<DeliveryRow>(
            d => d.State == DeliveryState.Pending && d.Attempts == 1 && d.LastError == "no connection could be made in time");
        (await world.Platform.PostAsync("/alert-channels/hook/test", null)).Json.GetProperty("failure").GetString().Should().Be("no connection could be made in time");
        filling.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_receiver_that_fails_hears_the_same_under_the_same_id_with_longer_and_longer_pauses()
    {
        await using var sink = await HttpSink.StartAsync();
        sink.Status = static n => n <= 3 ? 500 : 204;
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.StandAsync("a");
        var pauses = new List<long>();

        while ((await world.NoticesAsync()).Single() is { State: DeliveryState.Pending } waiting)
        {
            await world.Worker().SendDueAsync(Cancel);
            var pause = ((await world.NoticesAsync()).Single().NextAttemptAt ?? Micros.Now(world.Time)) - Micros.Now(world.Time);
            pauses.Add(pause / 1_000_000);
            world.Time.Advance(TimeSpan.FromMicroseconds(pause));
            waiting.Attempts.Should().BeLessThan(4);
        }

        pauses.Should().HaveCount(4).And.EndWith(0);
        pauses[0].Should().BeInRange(7, 15);
        pauses[1].Should().BeInRange(15, 30);
        pauses[2].Should().BeInRange(30, 60);
        sink.Got.Should().HaveCount(4);
        sink.Got.Select(g => (g.Headers["webhook-id"], Convert.ToHexString(g.Body))).Distinct().Should().ContainSingle("the body is written once");
    }

    [Fact]
    public async Task A_receiver_that_asks_to_be_left_alone_is_left_alone()
    {
        await using var sink = await HttpSink.StartAsync();
        (sink.Status, sink.RetryAfter) = (static _ => 429, "600");
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.StandAsync("a");

        await world.Worker().SendDueAsync(Cancel);

        var notice = (await world.NoticesAsync()).Single();
        (notice.NextAttemptAt, notice.LastStatus).Should().Be((Micros.Now(world.Time) + 600_000_000, 429));
    }

    [Fact]
    public async Task With_a_wrong_password_nothing_is_lost_and_with_the_right_one_it_goes_out_at_once()
    {
        using var certificate = SmtpSink.SelfSigned();
        await using var sink = new SmtpSink { Certificate = certificate, Account = ("spendra", "right") };
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("mail", new { slug = "mail", email = Account(sink, "wrong") });
        using var senders = new Spendra.Control.Alerts.Channels.ChannelSenders(world.Api.Store.MasterKey, world.Options, world.Time)
        {
            Email = new Spendra.Control.Alerts.Channels.EmailSender(world.Options) { Trust = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString() },
        };
        await world.StandAsync("a");

        await world.Worker(senders: senders).SendDueAsync(Cancel);
        (await world.NoticesAsync()).Single().Should().Match<DeliveryRow>(
            d => d.State == DeliveryState.Pending && d.LastError == "the mail server refused the user name or the password");
        (await world.Platform.PutAsync("/alert-channels/mail", new { email = Account(sink, "right") })).Status.Should().Be(200);
        world.Time.SetUtcNow(DateTimeOffset.UtcNow.AddSeconds(1));
        await world.Worker(senders: senders).SendDueAsync(Cancel);

        sink.Got.Should().ContainSingle();
        (await world.NoticesAsync()).Single().State.Should().Be(DeliveryState.Delivered);
    }

    [Fact]
    public async Task What_was_tried_in_vain_is_given_up_seen_and_begun_anew()
    {
        await using var sink = await HttpSink.StartAsync();
        sink.Status = static _ => 500;
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.StandAsync("a");
        for (var attempt = 0; attempt < DeliveryPatience.MostAttempts + 2; attempt++)
        {
            await world.Worker().SendDueAsync(Cancel);
            world.Time.Advance(TimeSpan.FromHours(4));
        }
        sink.Got.Should().HaveCount(DeliveryPatience.MostAttempts);

        var list = await world.Finance.GetAsync("/alert-deliveries?state=dead&channel=hook");
        var dead = list.Json.GetProperty("items")[0];
        (dead.GetProperty("attempts").GetInt32(), dead.GetProperty("lastStatus").GetInt32(), dead.GetProperty("rule").GetString()).Should().Be((12, 500, "to-hook"));
        var path = $"/alert-deliveries/{dead.GetProperty("id").GetString()}/retry";
        (await world.Finance.PostAsync(path, null, "*")).ProblemType.Should().Be("forbidden");
        (await world.Platform.PostAsync(path, null, "\"1\"")).Status.Should().Be(412);
        (await world.Platform.PostAsync(path, null, "*")).Status.Should().Be(200);
        (await world.Platform.PostAsync(path, null, "*")).ProblemType.Should().Be("wrong-state", "it waits already");
        sink.Status = static _ => 200;
        await world.Worker().SendDueAsync(Cancel);

        (await world.NoticesAsync()).Single().State.Should().Be(DeliveryState.Delivered);
        sink.Got.Select(g => g.Headers["webhook-id"]).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task What_is_over_is_not_told_as_begun()
    {
        await using var sink = await HttpSink.StartAsync();
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.StandAsync("a");
        await world.StandAsync();
        await world.Api.Store.ExecuteAsync("UPDATE alert_deliveries SET state = 'dead', ended_at = 1 WHERE transition = 'raised'");
        await world.Worker().SendDueAsync(Cancel);
        sink.Got.Should().ContainSingle("that it is over was written when that it began was still on its way");

        var dead = (await world.NoticesAsync()).Single(d => d.State == DeliveryState.Dead);
        (await world.Platform.PostAsync($"/alert-deliveries/{dead.DeliveryId}/retry", null, "*")).ProblemType.Should().Be("wrong-state");
    }

    [Fact]
    public async Task What_was_over_before_its_beginning_could_be_told_is_not_told_any_more()
    {
        await using var sink = await HttpSink.StartAsync();
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.StandAsync("a", "b");
        await world.Api.Store.ExecuteAsync("UPDATE alert_deliveries SET state = 'dead', ended_at = 1");
        // Nobody hears that it is over who could not be told that it began.
        await world.StandAsync("b");

        var notices = (await world.NoticesAsync()).ToDictionary(d => d.Notice.Subject);
        (await world.Platform.PostAsync($"/alert-deliveries/{notices["a"].DeliveryId}/retry", null, "*")).ProblemType.Should().Be("wrong-state");
        (await world.Platform.PostAsync($"/alert-deliveries/{notices["b"].DeliveryId}/retry", null, "*")).Status.Should().Be(200);
        await world.StandAsync();
        await world.Worker(TimeProvider.System).SendDueAsync(Cancel);
        await world.Worker(TimeProvider.System).SendDueAsync(Cancel);
        sink.Got.Select(g => ((string?)g.Json["type"], (string?)g.Json["data"]!["subject"])).Should().Equal(("alert.raised", "b"), ("alert.resolved", "b"));
    }

    [Fact]
    public async Task Workers_that_die_between_sending_and_noting_are_heard_twice_under_one_id_and_none_is_lost()
    {
        await using var sink = await HttpSink.StartAsync();
        await using var world = await AlertWorld.StartAsync(engine);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.SubscribeAsync("other", AlertWorld.Hook("other", sink));
        await world.StandAsync([.. Enumerable.Range(0, 30).Select(n => $"k{n}")]);
        await world.StandAsync([.. Enumerable.Range(0, 15).Select(n => $"k{n}")]);
        var (random, killed) = (new Random(4711), new ConcurrentBag<Guid>());
        Func<TakenDelivery, Task> dies = taken =>
        {
            lock (random)
            {
                if (random.Next(3) > 0) return Task.CompletedTask;
            }
            killed.Add(taken.Row.DeliveryId);
            throw new InvalidOperationException("this worker is dead");
        };

        for (var round = 0; round < 200 && (await world.NoticesAsync()).Any(d => d.State == DeliveryState.Pending); round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => world.Worker(sent: dies).SendDueAsync(Cancel), Cancel)));
            world.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var notices = await world.NoticesAsync();
        notices.Should().HaveCount(90).And.OnlyContain(d => d.State == DeliveryState.Delivered);
        killed.Should().NotBeEmpty();
        var heard = sink.Got.GroupBy(g => Guid.Parse(g.Headers["webhook-id"])).ToDictionary(g => g.Key, g => g.ToList());
        heard.Keys.Should().BeEquivalentTo(notices.Select(d => d.DeliveryId));
        sink.Got.Should().HaveCount(90 + killed.Count, "only who died was heard twice");
        heard.Values.Should().OnlyContain(posts => posts.Select(p => Convert.ToHexString(p.Body)).Distinct().Count() == 1);
    }

    private static Task HurryAsync(AlertWorld world) =>
        world.Api.Store.ExecuteAsync("UPDATE alert_deliveries SET next_attempt_at = 1 WHERE state = 'pending'");

    private static object Relay(SmtpSink sink) => new { host = "localhost", port = sink.Port, security = "none", from = "spendra@acme.example", to = new[] { "cfo@acme.example" } };

    private static object Account(SmtpSink sink, string password) =>
        new { host = "localhost", port = sink.Port, username = "spendra", password, from = "spendra@acme.example", to = new[] { "cfo@acme.example" } };
}

public sealed class SqliteDeliveryTests() : DeliveryContract(DatabaseEngine.Sqlite);

public sealed class PostgresDeliveryTests() : DeliveryContract(DatabaseEngine.Postgres)
{
    /// <summary>Workers close alerts without the organization's lock. SQLite has one lock for all.</summary>
    [Fact]
    public async Task A_notice_is_not_begun_anew_beside_a_worker_that_closes_its_alert()
    {
        const string Waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        var cancel = TestContext.Current.CancellationToken;
        await using var sink = await HttpSink.StartAsync();
        await using var world = await AlertWorld.StartAsync(DatabaseEngine.Postgres);
        await world.SubscribeAsync("hook", AlertWorld.Hook("hook", sink));
        await world.StandAsync("a");
        await world.Api.Store.ExecuteAsync("UPDATE alert_deliveries SET state = 'dead', ended_at = 1");
        var notice = (await world.NoticesAsync()).Single();
        Task<ControlAnswer> retrying;
        await using (var connection = await world.Api.Store.Database.ConnectAsync(cancel))
        {
            await using var closing = await connection.BeginTransactionAsync(cancel);
            await connection.ExecuteAsync("UPDATE alerts SET state = 'resolved', resolved_at = 2, cleared_at = 2", transaction: closing);
            retrying = world.Platform.PostAsync($"/alert-deliveries/{notice.DeliveryId}/retry", null, "*");
            while (!retrying.IsCompleted && await world.Api.Store.ScalarAsync<long>(Waiting) == 0) cancel.ThrowIfCancellationRequested();
            await closing.CommitAsync(cancel);
        }
        (await retrying).ProblemType.Should().Be("wrong-state", "its end was told, or not told, before it was asked");
    }
}
