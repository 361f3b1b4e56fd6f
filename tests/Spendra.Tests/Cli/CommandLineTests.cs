using System.Text.Json;
using Spendra.Cli;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly CommandRunner _runner = new();

    public void Dispose() => _runner.Dispose();

    [Fact]
    public async Task No_command_prints_help()
    {
        var ran = await _runner.RunAsync();
        ran.Code.Should().Be(0);
        ran.Output.Should().Contain("demo").And.Contain("serve").And.Contain("verify");
        ran.Error.Should().BeEmpty();
    }

    [Theory]
    [InlineData("spendra --help", "servee")]
    [InlineData("spendra verify --help", "verify", "--dat", "x")]
    [InlineData("spendra explain --help", "explain")]
    [InlineData("spendra sandbox --help", "sandbox", "--port", "99999")]
    public async Task Misuse_is_one_line_that_names_the_help_and_exit_code_2(string help, params string[] arguments)
    {
        var ran = await _runner.RunAsync(arguments);
        ran.Code.Should().Be(2);
        ran.Output.Should().BeEmpty();
        Line(ran.Error).Should().StartWith("spendra: ").And.EndWith($": see '{help}'");
    }

    [Fact]
    public async Task A_failure_with_json_is_a_document_on_the_output_as_well()
    {
        var ran = await _runner.RunAsync("budgets", "--json", "--database", "nonsense");
        ran.Code.Should().Be(1);
        var error = JsonDocument.Parse(ran.Output).RootElement.GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("settings_invalid");
        Line(ran.Error).Should().Be($"spendra: {error.GetProperty("message").GetString()}");
    }

    [Fact]
    public async Task Migrate_says_what_it_applied_and_the_second_time_nothing()
    {
        var first = await _runner.RunOnDataAsync("migrate", "--json");
        JsonDocument.Parse(first.Output).RootElement.GetProperty("applied").GetArrayLength().Should().BePositive();
        var second = await _runner.RunOnDataAsync("migrate");
        second.Output.Trim().Should().EndWith("is at the current schema already");
        second.Code.Should().Be(0);
    }

    [Fact]
    public async Task A_plan_shows_what_migrating_would_run_and_changes_nothing()
    {
        var planned = JsonDocument.Parse((await _runner.RunOnDataAsync("migrate", "--plan", "--json")).Output).RootElement.GetProperty("pending").EnumerateArray().ToList();
        Directory.Exists(_runner.Data).Should().BeFalse("a folder that was only asked about is not made");
        planned.Select(p => p.GetProperty("sql").GetString()).Should().Contain(s => s!.Contains("CREATE TABLE organizations")).And.NotContain(s => s!.Contains("$uuid$"));
        var applied = JsonDocument.Parse((await _runner.RunOnDataAsync("migrate", "--json")).Output).RootElement.GetProperty("applied").EnumerateArray();
        applied.Select(a => a.GetString()).Should().Equal(planned.Select(p => p.GetProperty("name").GetString()));
        (await _runner.RunOnDataAsync("migrate", "--plan")).Output.Trim().Should().StartWith("-- ").And.EndWith("is at the current schema: nothing would be applied");
    }

    [Fact]
    public async Task A_plan_for_a_server_ends_with_the_walls_that_are_put_behind_the_scripts()
    {
        var address = PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("plan"));
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var planned = await PendingAsync();
            planned.Should().HaveCountGreaterThan(1, "the first plan has changed nothing");
            planned[^1].GetProperty("sql").GetString().Should().Contain("CREATE ROLE").And.Contain("ENABLE ROW LEVEL SECURITY");
        }
        (await _runner.RunAsync("migrate", "--database", address)).Code.Should().Be(0);
        (await PendingAsync()).Should().BeEmpty();

        async Task<List<JsonElement>> PendingAsync() =>
            [.. JsonDocument.Parse((await _runner.RunAsync("migrate", "--plan", "--json", "--database", address)).Output).RootElement.GetProperty("pending").EnumerateArray()];
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_one_line_and_no_stack_trace()
    {
        Directory.CreateDirectory(_runner.Data);
        await File.WriteAllTextAsync(Path.Combine(_runner.Data, "spendra.db"), new string('x', 5000), TestContext.Current.CancellationToken);
        var ran = await _runner.RunOnDataAsync("verify");
        ran.Code.Should().Be(1);
        Line(ran.Error).Should().StartWith("spendra: ").And.Contain("is not a Spendra database");
    }

    [Fact]
    public async Task Details_are_shown_only_when_they_are_asked_for()
    {
        var unreachable = new[] { "verify", "--database", "postgres://localhost:1/none" };
        Line((await _runner.RunAsync(unreachable)).Error).Should().NotContain("   at ");
        _runner.Variables["SPENDRA__DEBUG"] = "true";
        (await _runner.RunAsync(unreachable)).Error.Should().Contain("   at Spendra.");
    }

    [Theory]
    [InlineData("budgets")]
    [InlineData("verify")]
    [InlineData("explain", "zzz")]
    [InlineData("reservations")]
    [InlineData("keys", "list")]
    [InlineData("keys", "create", "k1", "--actor", "employee/e1")]
    [InlineData("keys", "revoke", "k1")]
    public async Task A_report_on_a_folder_without_a_database_says_so_and_makes_none(params string[] arguments)
    {
        var ran = await _runner.RunOnDataAsync(arguments);
        ran.Code.Should().Be(1);
        Line(ran.Error).Should().StartWith("spendra: there is no Spendra database in ");
        Directory.Exists(_runner.Data).Should().BeFalse();
    }

    [Fact]
    public async Task Reports_need_an_organization_and_say_so()
    {
        await _runner.RunOnDataAsync("migrate");
        foreach (var command in new[] { "budgets", "reservations" })
        {
            var ran = await _runner.RunOnDataAsync(command);
            ran.Code.Should().Be(1);
            Line(ran.Error).Should().StartWith("spendra: there is no organization yet: apply a declaration first");
        }
    }

    [Fact]
    public async Task What_is_not_a_request_id_is_refused()
    {
        await _runner.RunOnDataAsync("migrate");
        var ran = await _runner.RunOnDataAsync("explain", "zzz");
        ran.Code.Should().Be(1);
        Line(ran.Error).Should().Be("spendra: 'zzz' is not a request id: give the UUID from the response header x-spendra-request-id");
    }

    [Fact]
    public async Task An_empty_ledger_verifies()
    {
        await _runner.RunOnDataAsync("migrate");
        var ran = await _runner.RunOnDataAsync("verify", "--json");
        ran.Code.Should().Be(0);
        JsonDocument.Parse(ran.Output).RootElement.GetProperty("violations").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public void Unexpected_failures_ask_for_a_report_and_stay_one_line()
    {
        var failure = Failure.Of(new InvalidOperationException("two\r\nlines"));
        failure.Code.Should().Be("internal_error");
        failure.Line.Should().StartWith("unexpected InvalidOperationException: two lines: please report it");
        Failure.Of(new DatabaseUnavailableException("gone")).Should().Be(new Failure("database_unavailable", "gone", 1));
        Failure.Of(new OperationCanceledException()).ExitCode.Should().Be(130);
    }

    [Fact]
    public void A_database_that_is_lost_while_a_row_is_read_is_no_bug()
    {
        var failure = Failure.Of(new System.Data.DataException("Exception while reading from stream", new IOException("end of stream")));

        failure.Should().Be(new Failure("database_failed", "the database was lost in the middle of an answer: Exception while reading from stream: run the command again", 1));
    }

    private static string Line(string text)
    {
        text.Should().EndWith(Environment.NewLine);
        text.TrimEnd().Should().NotContain("\n");
        return text.TrimEnd();
    }
}
