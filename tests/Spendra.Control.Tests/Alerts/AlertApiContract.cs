using System.Text;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.Alerts;

/// <summary>Channels, subscriptions and alerts as callers of the management API have them, on either engine.</summary>
public abstract class AlertApiContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Secrets_of_channels_are_written_sealed_and_shown_nowhere()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        (string Slug, object Body, string[] Secrets)[] channels =
        [
            ("mail", new { slug = "mail", email = Mail("hunter22") }, ["hunter22"]),
            ("slack", new { slug = "slack", slack = new { address = "https://hooks.slack.example/T1/sl4ck" } }, ["sl4ck"]),
            ("teams", new { slug = "teams", teams = new { address = "https://prod.logic.example/x?sig=t34ms" } }, ["t34ms"]),
            ("pager", new { slug = "pager", pagerDuty = new { routingKey = "r0ut1ng" } }, ["r0ut1ng"]),
            ("hook", new { slug = "hook", webhook = new { address = "https://in.example/h00k", secret = AlertWorld.WebhookSecret } }, ["h00k", AlertWorld.WebhookSecret["whsec_".Length..]]),
        ];

        foreach (var (slug, body, secrets) in channels)
        {
            var made = await world.Platform.PostAsync("/alert-channels", body, idempotencyKey: $"make-{slug}");
            made.Status.Should().Be(201, made.Body);
            (await world.Platform.PostAsync("/alert-channels", body, idempotencyKey: $"make-{slug}")).Body.Should().Be(made.Body);
            var read = await world.Platform.GetAsync($"/alert-channels/{slug}");
            read.Body.Should().Be(made.Body);
            var list = await world.Platform.GetAsync("/alert-channels");
            foreach (var secret in secrets)
            {
                (made.Body + list.Body).Should().NotContain(secret);
                (await DumpAsync(world)).Should().NotContain(secret);
            }
        }
        (await world.Platform.GetAsync("/alert-channels")).Items("slug").Should().Equal("hook", "mail", "pager", "slack", "teams");
        (await world.Platform.GetAsync("/alert-channels?limit=2")).Json.GetProperty("next").GetString().Should().NotBeNull();
    }

    [Fact]
    public async Task A_secret_goes_nowhere_that_it_was_not_given_for()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        (await world.Platform.PostAsync("/alert-channels", new { slug = "mail", email = Mail("hunter22") })).Status.Should().Be(201);

        (await world.Platform.PutAsync("/alert-channels/mail", new { email = Mail(null, host: "evil.example") })).Field.Should().Be("email.password");
        (await world.Platform.PutAsync("/alert-channels/mail", new { email = Mail(null, username: "other") })).Field.Should().Be("email.password");
        (await world.Platform.PutAsync("/alert-channels/mail", new { email = Mail(null, security: "none") })).Field.Should().Be("email.security");
        (await world.Platform.PutAsync("/alert-channels/mail", new { email = Mail(null, security: "tls") })).Field.Should().Be("email.password");
        (await world.Platform.PutAsync("/alert-channels/mail", new { slack = new { address = "https://hooks.slack.example/x" } })).Field.Should().Be("slack");
        var before = await world.Api.Store.ScalarAsync<byte[]>("SELECT secret FROM alert_channels");
        var edited = await world.Platform.PutAsync("/alert-channels/mail", new { email = Mail(null, to: ["new@acme.example"]) });
        edited.Json.GetProperty("to")[0].GetString().Should().Be("new@acme.example", edited.Body);
        (await world.Api.Store.ScalarAsync<byte[]>("SELECT secret FROM alert_channels")).Should().Equal(before);
    }

    [Fact]
    public async Task What_is_no_channel_is_refused_by_its_field()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        (object Body, string Field)[] wrong =
        [
            (new { slug = "x" }, "email"),
            (new { slug = "x", slack = new { address = "https://a.example" }, teams = new { address = "https://a.example" } }, "email"),
            (new { slug = "x", slack = new { address = "ftp://a.example" } }, "slack.address"),
            (new { slug = "x", teams = new { address = "https://user:pw@a.example" } }, "teams.address"),
            (new { slug = "x", pagerDuty = new { routingKey = "k", address = "nowhere" } }, "pagerDuty.address"),
            (new { slug = "x", webhook = new { address = "https://a.example", secret = "whsec_c2hvcnQ=" } }, "webhook.secret"),
            (new { slug = "x", webhook = new { address = "https://a.example", secret = "plain" } }, "webhook.secret"),
            (new { slug = "x", email = Mail("p", host: "a b") }, "email.host"),
            (new { slug = "x", email = Mail("p", from: "nobody") }, "email.from"),
            (new { slug = "x", email = Mail("p", to: []) }, "email.to"),
            (new { slug = "x", email = Mail("p", to: ["a@b\r\nBcc: c@d"]) }, "email.to"),
            (new { slug = "x", email = Mail("p", username: null) }, "email.username"),
        ];
        foreach (var (body, field) in wrong) (await world.Platform.PostAsync("/alert-channels", body)).Field.Should().Be(field);
        (await world.Api.Store.ScalarAsync<long>("SELECT count(*) FROM alert_channels")).Should().Be(0);
    }

    [Fact]
    public async Task The_platform_owns_channels_and_finance_subscribes_with_a_record_of_each_change()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        (await world.Finance.PostAsync("/alert-channels", new { slug = "hook", slack = new { address = "https://a.example" } })).ProblemType.Should().Be("forbidden");
        var channel = await world.Platform.PostAsync("/alert-channels", new { slug = "hook", slack = new { address = "https://a.example" } });
        (await world.Platform.PostAsync("/alert-rules", new { slug = "r", channels = new[] { "hook" } })).ProblemType.Should().Be("forbidden");
        (await world.Finance.PostAsync("/alert-rules", new { slug = "r", channels = new[] { "nothing" } })).Field.Should().Be("channels");
        (await world.Finance.PostAsync("/alert-rules", new { slug = "r", channels = Array.Empty<string>() })).Field.Should().Be("channels");
        (await world.Finance.PostAsync("/alert-rules", new { slug = "r", kinds = new[] { "noise" }, channels = new[] { "hook" } })).Field.Should().Be("kinds");
        (await world.Finance.PostAsync("/alert-rules", new { slug = "r", scope = "team/nobody", channels = new[] { "hook" } })).Field.Should().Be("scope");
        object body = new { slug = "r", kinds = new[] { "soft_cap" }, leastSeverity = "warning", scope = "team/search", channels = new[] { "hook" } };
        var rule = await world.Finance.PostAsync("/alert-rules", body, idempotencyKey: "i");
        (await world.Finance.PostAsync("/alert-rules", body, idempotencyKey: "i")).Body.Should().Be(rule.Body);
        (await world.Finance.PostAsync("/alert-rules", body)).ProblemType.Should().Be("duplicate");
        (await world.Finance.GetAsync("/alert-rules/r")).Body.Should().Be(rule.Body);
        var changed = await world.Finance.PutAsync("/alert-rules/r", new { scope = "organization", channels = new[] { "hook" } }, rule.ETag);
        changed.Json.GetProperty("scope").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null, changed.Body);
        (await world.Finance.PutAsync("/alert-rules/r", new { channels = new[] { "hook" } }, rule.ETag)).Status.Should().Be(412);

        var archived = await world.Platform.PostAsync("/alert-channels/hook/archive", null, channel.ETag);
        archived.Status.Should().Be(200, archived.Body);
        (await world.Platform.PostAsync("/alert-channels/hook/test")).ProblemType.Should().Be("wrong-state");
        (await world.Finance.PutAsync("/alert-rules/r", new { channels = new[] { "hook" } })).Field.Should().Be("channels");
        (await world.Finance.PostAsync("/alert-rules/r/archive", null, changed.ETag)).Status.Should().Be(200);
        (await world.Finance.GetAsync("/alert-rules")).Items("slug").Should().BeEmpty();
        (await world.Finance.PostAsync("/alert-rules/r/restore", null, "*")).Status.Should().Be(200);
        (await world.Platform.PostAsync("/alert-channels/hook/restore", null, archived.ETag)).Status.Should().Be(200);

        (await AuditLog.ReadAsync(world.Api.Store.Database, world.Acme, Cancel).Where(r => r.SubjectKind.StartsWith("alert")).ToListAsync(Cancel))
            .Select(r => $"{r.SubjectKind} {r.Action}").Should().Equal(
                "alertChannel create", "alertRule create", "alertRule update", "alertChannel archive", "alertRule archive", "alertRule restore", "alertChannel restore");
        (await AuditLog.VerifyAsync(world.Api.Store.Database, world.Acme, Cancel)).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task Alerts_are_seen_and_handled_by_who_holds_their_scope()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.StandAsync("a");
        await world.StandAsync("a", "b");
        // What stands is given scopes: one below the manager's team, one beside it.
        await world.Api.Store.ExecuteAsync("UPDATE alerts SET scope_id = (SELECT scope_id FROM scopes WHERE kind = 'employee' AND slug = 'e1001') WHERE subject = 'a'");
        await world.Api.Store.ExecuteAsync("UPDATE alerts SET scope_id = (SELECT scope_id FROM scopes WHERE kind = 'team' AND slug = 'ads') WHERE subject = 'b'");
        await world.StandAsync("a", "b", "c");
        var manager = await world.Api.ClientAsync(MemberRole.Manager, "team/search");
        var employee = await world.Api.ClientAsync(MemberRole.Employee, "employee/e1001");
        var auditor = await world.Api.ClientAsync(MemberRole.Auditor);

        (await auditor.GetAsync("/alerts")).Items("subject").Should().Equal("c", "b", "a");
        (await manager.GetAsync("/alerts")).Items("subject").Should().Equal("a");
        (await employee.GetAsync("/alerts")).Items("subject").Should().Equal("a");
        var ids = (await auditor.GetAsync("/alerts")).Items("id");
        (await manager.GetAsync($"/alerts/{ids[1]}")).Status.Should().Be(404);
        (await manager.PostAsync($"/alerts/{ids[1]}/acknowledge", null, "*")).Status.Should().Be(404);
        (await employee.PostAsync($"/alerts/{ids[2]}/acknowledge", null, "*")).ProblemType.Should().Be("forbidden");
        (await auditor.PostAsync($"/alerts/{ids[2]}/resolve", null, "*")).ProblemType.Should().Be("forbidden");
        var taken = await manager.PostAsync($"/alerts/{ids[2]}/acknowledge", null, "\"1\"");
        (taken.Json.GetProperty("state").GetString(), taken.ETag).Should().Be(("acknowledged", "\"2\""));
        (await manager.PostAsync($"/alerts/{ids[2]}/acknowledge", null, "*")).ProblemType.Should().Be("wrong-state");
        (await manager.PostAsync($"/alerts/{ids[2]}/resolve", null, "\"1\"")).Status.Should().Be(412);
        var resolved = await manager.PostAsync($"/alerts/{ids[2]}/resolve", null, "*");
        resolved.Json.GetProperty("isStanding").GetBoolean().Should().BeTrue(resolved.Body);
        (await manager.PostAsync($"/alerts/{ids[2]}/resolve", null, "*")).ProblemType.Should().Be("wrong-state");

        (await auditor.GetAsync("/alerts?state=open&severity=critical&kind=soft_cap")).Items("subject").Should().Equal("c", "b");
        (await auditor.GetAsync("/alerts?kind=noise")).Status.Should().Be(400);
        var first = await auditor.GetAsync("/alerts?limit=1");
        var second = await auditor.GetAsync($"/alerts?limit=1&cursor={first.Json.GetProperty("next").GetString()}");
        (first.Items("subject").Single(), second.Items("subject").Single()).Should().Be(("c", "b"));
    }

    private static object Mail(
        string? password, string host = "smtp.acme.example", string? username = "spendra", string security = "starttls", string from = "spendra@acme.example", string[]? to = null) =>
        new { host, username, password, security, from, to = to ?? ["cfo@acme.example"] };

    /// <summary>All that is stored about channels, in letters.</summary>
    private static async Task<string> DumpAsync(AlertWorld world)
    {
        var text = new StringBuilder();
        foreach (var sealedBytes in await world.Api.Store.ListAsync<byte[]>("SELECT secret FROM alert_channels")) text.Append(Encoding.Latin1.GetString(sealedBytes));
        foreach (var settings in await world.Api.Store.ListAsync<string>("SELECT settings FROM alert_channels")) text.Append(settings);
        foreach (var record in await world.Api.Store.ListAsync<string>("SELECT coalesce(before_state, '') || coalesce(after_state, '') FROM audit_records")) text.Append(record);
        foreach (var receipt in await world.Api.Store.ListAsync<string>("SELECT coalesce(response, '') FROM creation_receipts")) text.Append(receipt);
        return text.ToString();
    }
}

public sealed class SqliteAlertApiTests() : AlertApiContract(DatabaseEngine.Sqlite);

public sealed class PostgresAlertApiTests() : AlertApiContract(DatabaseEngine.Postgres);
