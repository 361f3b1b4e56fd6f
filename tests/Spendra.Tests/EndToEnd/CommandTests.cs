using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>The command line when things are fine, and the one line that it says when they are not.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task What_nobody_knows_is_misuse()
    {
        await using var site = await Site.CreateAsync();
        string[][] misuses = [["sreve"], ["serve", "--rolle", "all"], ["keys"], ["keys", "create"], ["apply"], ["explain"], ["sandbox", "--port", "x"]];
        foreach (var misuse in misuses)
            (await SpendraProcess.RunAsync(misuse, site.Variables, site.Folder)).ShouldFailInOneLine(exitCode: 2).Should().Contain("--help");
    }

    [Fact]
    public async Task Every_command_prints_one_json_document()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Acme.Declaration("1"));
        string[][] commands =
        [
            ["migrate"], ["budgets"], ["reservations"], ["verify"], ["keys", "list"],
            ["keys", "create", "extra", "--actor", "employee/ada"], ["keys", "revoke", "extra"],
            ["members", "list"], ["members", "add", "ada@acme.example", "--role", "org_admin"], ["members", "list"],
            ["tokens", "create", "nightly", "--member", "ada@acme.example"], ["tokens", "list"], ["members", "remove", "ada@acme.example"],
        ];
        foreach (var command in commands) (await site.JsonAsync(command)).ValueKind.Should().Be(System.Text.Json.JsonValueKind.Object);
        string[][] failures =
        [
            ["explain", "no-id"], ["explain", Guid.Empty.ToString()], ["keys", "revoke", "nobody"], ["apply", "-f", "nowhere.yaml"],
            ["budgets", "--organization", "other"], ["keys", "create", "extra", "--actor", "employee/nobody"], ["serve", "--role", "king"],
            ["keys", "create", "more", "--actor", "employee/ada", "--max-request-usd", "x"],
            ["keys", "create", "more", "--actor", "employee/ada", "--expires", "tomorrow"],
            ["members", "add", "nobody", "--role", "auditor"], ["members", "add", "x@acme.example", "--role", "king"], ["members", "remove", "x@acme.example"],
            ["members", "add", "x@acme.example", "--role", "manager", "--scope", "employee/ada", "--approval-limit-usd", "x"],
            ["tokens", "create", "x", "--member", "nobody@acme.example"], ["tokens", "revoke", "spt_x"],
            ["password-link", "nobody@acme.example"],
        ];
        foreach (var failure in failures)
        {
            var failed = await site.RunAsync([.. failure, "--json"]);
            failed.ShouldFailInOneLine();
            failed.Json.GetProperty("error").GetProperty("code").GetString().Should().MatchRegex("^[a-z_]+$");
        }
    }

    [Fact]
    public async Task All_wrong_settings_are_told_together_with_what_is_allowed()
    {
        await using var site = await Site.CreateAsync();
        site.Variables["SPENDRA__GATEWAY__DRAINSECONDS"] = "soon";
        site.Variables["SPENDRA__LOG__LEVEL"] = "loud";
        site.Variables["SPENDRA__GATEWAY__DRAINSECOND"] = "5";

        var line = (await site.RunAsync("serve", "--role", "king", "--urls", "ftp://x")).ShouldFailInOneLine();

        line.Should().Contain("SPENDRA__GATEWAY__DRAINSECONDS is 'soon': allowed is a whole number from 0 to 3600")
            .And.Contain("SPENDRA__LOG__LEVEL is 'loud'").And.Contain("debug")
            .And.Contain("SPENDRA__GATEWAY__DRAINSECOND is not a setting").And.Contain("--role is 'king'").And.Contain("all, gateway, control, worker")
            .And.Contain("--urls is 'ftp://x'");
    }

    [Fact]
    public async Task A_port_in_use_is_one_line()
    {
        await using var site = await Site.CreateAsync();
        using var taken = new TcpListener(IPAddress.Loopback, FreePort.Next());
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (await site.RunAsync("serve", "--urls", $"http://127.0.0.1:{port}")).ShouldFailInOneLine().Should().Contain($"{port}").And.Contain("--urls");
        (await SpendraProcess.RunAsync(["sandbox", "--port", $"{port}"], site.Variables, site.Folder)).ShouldFailInOneLine().Should().Contain("--port");
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("budgets")]
    [InlineData("verify")]
    public async Task A_damaged_database_is_one_line(string command)
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Acme.Declaration("1"));
        var path = Path.Combine(site.DataFolder, "spendra.db");
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        // The header stays: every page behind it is not what it was.
        for (var i = 100; i < bytes.Length; i++) bytes[i] = 0xAB;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        File.Delete(path + "-wal");
        (await site.RunAsync(command)).ShouldFailInOneLine().Should().Contain(path);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_database_of_a_newer_version_is_one_line(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        (await site.RunAsync("migrate")).ShouldSucceed();
        await using (var database = Database.Open(site.Target))
        await using (DbConnection connection = await database.ConnectAsync(TestContext.Current.CancellationToken))
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "INSERT INTO schema_versions (scriptname, applied) VALUES ('9999-from-the-future.sql', CURRENT_TIMESTAMP)";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        foreach (var command in new[] { "serve", "budgets" })
            (await site.RunAsync(command)).ShouldFailInOneLine().Should().Contain("newer").And.Contain("9999-from-the-future");
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_line()
    {
        await using var site = await Site.CreateAsync();
        var address = $"postgres://nobody:hunter2secret@127.0.0.1:{FreePort.Next()}/none";
        foreach (var command in new[] { "serve", "migrate", "verify" })
        {
            var failed = await SpendraProcess.RunAsync([command, "--database", address], site.Variables, site.Folder);
            failed.ShouldFailInOneLine().Should().NotContain("hunter2secret");
        }
    }

    [Fact]
    public async Task The_sandbox_alone_answers_and_stops()
    {
        using var folder = new TempFolder();
        await using var sandbox = SpendraProcess.Start(["sandbox"], new Dictionary<string, string?>(), folder.Path);
        var line = await sandbox.WaitForLineAsync(l => l.Contains("http://", StringComparison.Ordinal));
        var url = line[line.IndexOf("http://", StringComparison.Ordinal)..].Split(';')[0];
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", "Bearer any");
        var models = await http.GetStringAsync(new Uri($"{url}/models"), TestContext.Current.CancellationToken);
        models.Should().Contain("\"data\"");
        (await sandbox.TerminateAsync()).Should().Be(0, sandbox.Output);
    }

    [Fact]
    public async Task A_test_key_reaches_only_the_sandbox_and_spends_nothing()
    {
        await using var site = await Site.CreateAsync();
        await using var forTests = await SandboxServer.StartAsync(new SandboxOptions(), TestContext.Current.CancellationToken);
        site.Variables["SPENDRA__SANDBOX__URL"] = forTests.BaseUrl.ToString();
        await site.ApplyAsync(Acme.Declaration("0.000001"));
        var served = await site.ServeAsync();
        var created = await site.JsonAsync("keys", "create", "tests", "--actor", "employee/ada", "--test");
        var secret = created.GetProperty("secret").GetString()!;
        secret.Should().StartWith("spk_test_");

        (await served.ChatAsync(secret)).Status.Should().Be(200);
        (await served.ChatAsync(secret, Acme.Chat(isStreamed: true))).Body.Should().EndWith("data: [DONE]\n\n");
        (await served.ChatAsync(site.Keys["ada"])).ShouldBeError(402, "budget_exceeded");

        forTests.Journal.Count.Should().Be(2);
        site.Sandbox.Journal.Count.Should().Be(0);
        await served.ShouldStopAsync();
        var ada = await site.StandingAsync("ada-total");
        (ada.Settled + ada.Reserved).Should().Be(NanoUsd.Zero);
        await site.ShouldVerifyAsync();
    }
}
