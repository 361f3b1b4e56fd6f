using System.Text;
using System.Text.RegularExpressions;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>The first five minutes with Spendra: everything that the demo prints is done as it stands.</summary>
public sealed partial class DemoTests : IDisposable
{
    private static readonly Dictionary<string, string?> NoVariables = [];

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Everything_that_the_demo_prints_works_and_a_second_start_goes_on()
    {
        var requestIds = new List<string>();
        IReadOnlyList<string> first;
        await using (var demo = await StartAsync())
        {
            first = Commands(demo);
            var curls = first.Where(c => c.StartsWith("curl ", StringComparison.Ordinal)).ToList();
            curls.Should().HaveCount(3);

            var paid = await CallAsync(curls[0]);
            paid.Status.Should().Be(200, paid.Body);
            Usd.Read(paid.CostUsd).Value.Should().BePositive();
            var streamed = await CallAsync(curls[1]);
            streamed.Status.Should().Be(200);
            streamed.Body.Should().StartWith("data: ").And.EndWith("data: [DONE]\n\n");
            var refused = await CallAsync(curls[2]);
            refused.ShouldBeError(402, "budget_exceeded");

            requestIds.AddRange([paid.RequestId!, streamed.RequestId!, refused.RequestId!]);
            await FollowAsync(first, requestIds);
            (await demo.TerminateAsync()).Should().Be(0, demo.Output);
        }

        await using (var demo = await StartAsync())
        {
            Keys(Commands(demo)).Should().Equal(Keys(first));
            (await CallAsync(Commands(demo)[0])).Status.Should().Be(200, "the keys of the first start still open");
            await FollowAsync(Commands(demo), requestIds);
            (await demo.TerminateAsync()).Should().Be(0, demo.Output);
        }
    }

    [Fact]
    public async Task On_a_server_the_demo_goes_on_with_its_own_database_and_leaves_others_alone()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var (own, other) = (PostgresCluster.ToUrl(await cluster.CreateDatabaseAsync("demo")), PostgresCluster.ToUrl(await cluster.CreateDatabaseAsync("demo")));
        var password = await PasswordAsync(own);
        (await PasswordAsync(own)).Should().Be(password, "it goes on where it stopped");
        (await PasswordAsync(other)).Should().NotBe(password, "keys of another database open nothing here");

        await using var refused = SpendraProcess.Start(["demo", "--json", "--urls", "http://127.0.0.1:0", "--keys", _folder.File("keys"), "--database", own], NoVariables, _folder.Path);
        (await refused.WaitForExitAsync()).Should().Be(1);
        refused.Output.Should().Contain("holds an organization that is not the demo's (acme): give the demo an empty database");

        async Task<string> PasswordAsync(string address)
        {
            await using var demo = SpendraProcess.Start(["demo", "--json", "--urls", "http://127.0.0.1:0", "--keys", _folder.File("keys"), "--database", address], NoVariables, _folder.Path);
            await demo.WaitForLineAsync(l => l == "}", TimeSpan.FromMinutes(3));
            var document = Browser.DemoSite.DocumentOf(demo.Lines);
            (await demo.TerminateAsync()).Should().Be(0, demo.Output);
            return document.GetProperty("password").GetString()!;
        }
    }

    [Fact]
    public async Task The_demo_announces_itself_in_json_too()
    {
        await using var demo = SpendraProcess.Start(
            ["demo", "--json", "--urls", "http://127.0.0.1:0", "--data", _folder.File("json")], NoVariables, _folder.Path);
        await demo.WaitForLineAsync(l => l == "}");
        var document = Browser.DemoSite.DocumentOf(demo.Lines);
        document.GetProperty("keys").GetProperty("ada").GetString().Should().StartWith("spk_live_");
        var url = document.GetProperty("gatewayUrl").GetString();
        (await _http.GetAsync(new Uri($"{url}/readyz"), TestContext.Current.CancellationToken)).IsSuccessStatusCode.Should().BeTrue();
    }

    /// <summary>Does what the guide says beside calling: explain, budgets, verify.</summary>
    private async Task FollowAsync(IReadOnlyList<string> commands, List<string> requestIds)
    {
        var explain = commands.Single(c => c.Contains(" explain ", StringComparison.Ordinal));
        var outcomes = new List<string>();
        foreach (var id in requestIds)
            outcomes.Add((await ShellAsync(explain.Replace("REQUEST_ID", id, StringComparison.Ordinal))).Output);
        outcomes[0].Should().Contain($"Request {requestIds[0]}: settled").And.Contain("ada-cap");
        outcomes[1].Should().Contain($"Request {requestIds[1]}: settled");
        outcomes[2].Should().Contain($"Request {requestIds[2]}: refused").And.Contain("grace-tiny");
        var budgets = await ShellAsync(commands.Single(c => c.Contains(" budgets ", StringComparison.Ordinal)));
        budgets.Output.Should().Contain("ada-week");
        var verified = await ShellAsync(commands.Single(c => c.Contains(" verify ", StringComparison.Ordinal)));
        verified.Output.Should().Contain("The ledger agrees with itself");
    }

    private async Task<TestProcess> StartAsync()
    {
        // A folder with a space: what is printed must still be a command.
        var demo = SpendraProcess.Start(
            ["demo", "--urls", "http://127.0.0.1:0", "--data", _folder.File("my demo")], NoVariables, _folder.Path);
        await demo.WaitForLineAsync(l => l.StartsWith("Ctrl-C", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        return demo;
    }

    private static IReadOnlyList<string> Commands(TestProcess demo) =>
        [.. demo.Lines.Where(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => l.Trim())];

    private static IEnumerable<string> Keys(IEnumerable<string> commands) =>
        commands.SelectMany(c => Key().Matches(c)).Select(m => m.Value);

    /// <summary>The printed curl command, done by a client of ours.</summary>
    private async Task<Answer> CallAsync(string curl)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url().Match(curl).Value);
        request.Content = new StringContent(Body().Match(curl).Groups[1].Value, Encoding.UTF8);
        request.Content.Headers.Remove("Content-Type");
        foreach (Match header in Header().Matches(curl))
        {
            var (name, value) = (header.Groups[1].Value, header.Groups[2].Value);
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content.Headers.Add(name, value);
        }
        using var response = await _http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    private async Task<CommandResult> ShellAsync(string command) =>
        (await SpendraProcess.RunAsync("bash", ["-c", command], NoVariables, _folder.Path)).ShouldSucceed();

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Url();

    [GeneratedRegex("-H '([^:]+): ([^']+)'")]
    private static partial Regex Header();

    [GeneratedRegex("-d '([^']+)'")]
    private static partial Regex Body();

    [GeneratedRegex("spk_live_[0-9a-z_]+")]
    private static partial Regex Key();
}
