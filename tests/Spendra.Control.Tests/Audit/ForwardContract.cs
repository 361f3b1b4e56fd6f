using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Audit.Forwarding;
using Spendra.Control.Tests.Alerts;
using Spendra.Control.Tests.Api;
using Spendra.Storage;

namespace Spendra.Control.Tests.Audit;

/// <summary>Audit records are told to real receivers that fail, hang and recover.</summary>
public abstract partial class ForwardContract(DatabaseEngine engine)
{
    private const string Other = """
        organization: {slug: other, name: Other}
        teams: [{slug: lab}]
        """;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_is_told_in_order_with_the_token_and_once_when_nothing_goes_wrong()
    {
        await using var api = await StartAsync();
        await using var sink = await HttpSink.StartAsync();
        using var job = Job(api, new ForwardOptions { Url = new Uri(sink.Address), Token = "the-siems-token" });

        await job.TurnAsync(Cancel);
        await job.TurnAsync(Cancel);

        Lines(sink.Got).Select(SequenceOf).Should().Equal(await SequencesAsync(api, "acme"));
        sink.Got.Should().OnlyContain(r => r.Headers["authorization"] == "Bearer the-siems-token" && r.Headers["content-type"] == "application/x-ndjson");
        var first = JsonDocument.Parse(Lines(sink.Got)[0]).RootElement;
        first.GetProperty("type").GetString().Should().Be("spendra.audit.record");
        first.GetProperty("organization").GetString().Should().Be("acme");
        first.GetProperty("hash").GetString().Should().HaveLength(64);
        string.Join('\n', Lines(sink.Got)).Should().NotContain("sk-secret-one", "credentials are in no record");
    }

    [Fact]
    public async Task What_a_receiver_did_not_confirm_is_told_again_after_longer_and_longer_pauses()
    {
        await using var api = await StartAsync();
        await using var sink = await HttpSink.StartAsync();
        sink.Status = n => n switch { 1 => 500, 2 => null, _ => 200 };
        using var job = Job(api, new ForwardOptions { Url = new Uri(sink.Address) });

        await job.TurnAsync(Cancel);
        await job.TurnAsync(Cancel);
        sink.Got.Should().HaveCount(1, "it is not asked again before a second has passed");
        _time.Advance(TimeSpan.FromSeconds(1));
        var hanging = job.TurnAsync(Cancel);
        await ArrivedAsync(sink, 2);
        _time.Advance(TimeSpan.FromSeconds(10));
        await hanging;
        _time.Advance(TimeSpan.FromSeconds(1));
        await job.TurnAsync(Cancel);
        sink.Got.Should().HaveCount(2, "the second pause is longer");
        (await WaitingAsync(api)).Should().BePositive();
        _time.Advance(TimeSpan.FromSeconds(1));
        await job.TurnAsync(Cancel);

        Lines(sink.Got.Skip(2)).Select(SequenceOf).Should().Equal(await SequencesAsync(api, "acme"));
        (await WaitingAsync(api)).Should().Be(0);
    }

    [Fact]
    public async Task Records_that_are_refused_hold_up_no_other_organization()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Other);
        await using var sink = await HttpSink.StartAsync();
        sink.Status = n => Encoding.UTF8.GetString(sink.Got.Last().Body).Contains("\"organization\":\"acme\"", StringComparison.Ordinal) ? 400 : 200;
        using var job = Job(api, new ForwardOptions { Url = new Uri(sink.Address) });

        await job.TurnAsync(Cancel);

        Lines(sink.Got).Where(l => l.Contains("\"organization\":\"other\"", StringComparison.Ordinal)).Select(SequenceOf).Should().Equal(await SequencesAsync(api, "other"));
        (await PositionAsync(api, "other")).Should().BePositive();
        (await PositionAsync(api, "acme")).Should().Be(0);
    }

    [Fact]
    public async Task A_record_that_is_refused_is_found_and_those_before_it_are_told()
    {
        await using var api = await StartAsync();
        await using var sink = await HttpSink.StartAsync();
        var all = await SequencesAsync(api, "acme");
        sink.Status = _ => Lines([sink.Got.Last()]).Exists(l => SequenceOf(l) == 3) ? 400 : 200;
        using var job = Job(api, new ForwardOptions { Url = new Uri(sink.Address) });

        for (var i = 0; i < 3; i++)
        {
            await job.TurnAsync(Cancel);
            _time.Advance(TimeSpan.FromMinutes(5));
        }
        (await PositionAsync(api, "acme")).Should().Be(2, "the third is refused");
        sink.Status = static _ => 200;
        await job.TurnAsync(Cancel);

        (await PositionAsync(api, "acme")).Should().Be(all[^1], "nothing is left out");
    }

    [Fact]
    public async Task One_of_several_workers_tells_and_another_goes_on_when_it_is_gone()
    {
        await using var api = await StartAsync();
        await using var sink = await HttpSink.StartAsync();
        var options = new ForwardOptions { Url = new Uri(sink.Address) };
        using var first = Job(api, options);
        using var second = Job(api, options);
        await first.TurnAsync(Cancel);
        var told = sink.Got.Count;
        await api.ApplyAsync("organization: {slug: acme, name: Renamed}");

        await second.TurnAsync(Cancel);
        sink.Got.Should().HaveCount(told, "the first holds the position");
        _time.Advance(TimeSpan.FromSeconds(61));
        await second.TurnAsync(Cancel);

        Lines(sink.Got).Select(SequenceOf).Should().Equal(await SequencesAsync(api, "acme"), "none is missing, and none is told twice");
    }

    [Fact]
    public async Task Syslog_is_told_with_lengths_over_TLS_and_confirmed_by_the_end_of_the_connection()
    {
        await using var api = await StartAsync();
        await using var sink = new SyslogSink();
        sink.Manner = n => n switch { 1 => SyslogManner.BreaksOff, 2 => SyslogManner.Hangs, _ => SyslogManner.Reads };
        using var job = Syslog(api, sink, isTrusted: true);
        var all = await SequencesAsync(api, "acme");

        await job.TurnAsync(Cancel);
        (await PositionAsync(api, "acme")).Should().Be(0, "the connection was reset");
        _time.Advance(TimeSpan.FromSeconds(1));
        await sink.Done.WaitAsync(Cancel);
        var hanging = job.TurnAsync(Cancel);
        await sink.Done.WaitAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(10));
        await hanging;
        (await PositionAsync(api, "acme")).Should().Be(0, "nothing was confirmed");
        sink.Got.Clear();
        _time.Advance(TimeSpan.FromSeconds(2));
        await job.TurnAsync(Cancel);

        sink.Got.Select(m => SyslogMessage().Match(m)).Should().OnlyContain(m => m.Success);
        sink.Got.Select(m => SequenceOf(SyslogMessage().Match(m).Groups["json"].Value)).Should().Equal(all);
        (await PositionAsync(api, "acme")).Should().Be(all[^1]);
    }

    [Fact]
    public async Task A_receiver_whose_certificate_is_not_trusted_is_told_nothing()
    {
        await using var api = await StartAsync();
        await using var sink = new SyslogSink();
        using var job = Syslog(api, sink, isTrusted: false);

        await job.TurnAsync(Cancel);

        sink.Got.Should().BeEmpty();
        (await PositionAsync(api, "acme")).Should().Be(0);
    }

    [Fact]
    public void The_name_under_which_a_position_is_kept_holds_no_token() =>
        ForwardJob.NameOf(new Uri("https://siem.example/services/token-in-the-path?key=secret")).Should().StartWith("https://siem.example #").And.NotContain("token").And.NotContain("secret");

    private ForwardJob Job(ControlHarness api, ForwardOptions options) =>
        new(api.Store.Database, options, new HttpReceiver(options), _time, NullLogger<ForwardJob>.Instance);

    private ForwardJob Syslog(ControlHarness api, SyslogSink sink, bool isTrusted)
    {
        var options = new ForwardOptions { Url = sink.Address };
        var receiver = new SyslogReceiver(options) { Trust = isTrusted ? (_, certificate, _, _) => sink.IsOurs(certificate) : null };
        return new ForwardJob(api.Store.Database, options, receiver, _time, NullLogger<ForwardJob>.Instance);
    }

    private static async Task ArrivedAsync(HttpSink sink, int count)
    {
        for (var i = 0; i < count; i++) (await sink.Arrived.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Should().BeTrue();
    }

    private static List<string> Lines(IEnumerable<Received> received) =>
        [.. received.SelectMany(r => Encoding.UTF8.GetString(r.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    private static long SequenceOf(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("sequence").GetInt64();
    }

    private static async Task<List<long>> SequencesAsync(ControlHarness api, string slug)
    {
        await using var connection = await api.Store.Database.ConnectAsync(Cancel);
        return [.. await connection.QueryAsync<long>(
            "SELECT r.sequence FROM audit_records r JOIN organizations o ON o.organization_id = r.organization_id WHERE o.slug = @slug ORDER BY r.sequence", new { slug })];
    }

    private static async Task<long> PositionAsync(ControlHarness api, string slug)
    {
        await using var connection = await api.Store.Database.ConnectAsync(Cancel);
        return await connection.ExecuteScalarAsync<long>(
            "SELECT f.sequence FROM audit_forwards f JOIN organizations o ON o.organization_id = f.organization_id WHERE o.slug = @slug", new { slug });
    }

    private static async Task<long> WaitingAsync(ControlHarness api)
    {
        await using var connection = await api.Store.Database.ConnectAsync(Cancel);
        return await connection.ExecuteScalarAsync<long>(
            "SELECT CAST(sum(o.audit_sequence - f.sequence) AS bigint) FROM audit_forwards f JOIN organizations o ON o.organization_id = f.organization_id");
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }

    [GeneratedRegex(@"^<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z [!-~]{1,255} spendra - audit - (?<json>\{.*\})$", RegexOptions.Singleline)]
    private static partial Regex SyslogMessage();
}

public sealed class SqliteForwardTests() : ForwardContract(DatabaseEngine.Sqlite);

public sealed class PostgresForwardTests() : ForwardContract(DatabaseEngine.Postgres);
