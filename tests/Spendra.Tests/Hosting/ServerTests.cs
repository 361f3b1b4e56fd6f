using System.Net;
using System.Text;
using System.Text.Json;
using Spendra.Testing;

namespace Spendra.Tests.Hosting;

/// <summary>The executable as users run it.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new();

    private static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "spendra.exe" : "spendra");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Serve_announces_itself_answers_probes_and_stops_with_0()
    {
        await using var server = Start("serve", "--urls", "http://127.0.0.1:0");
        var url = await UrlOfAsync(server, "listening on ");
        server.Output.Should().Contain("role all").And.Contain("durability: local disk");
        (await _client.GetAsync(new Uri($"{url}/healthz"), Cancel)).StatusCode.Should().Be(HttpStatusCode.OK);
        var ready = await _client.GetAsync(new Uri($"{url}/readyz"), Cancel);
        ready.StatusCode.Should().Be(HttpStatusCode.OK);
        ready.Headers.Server.Should().BeEmpty();
        await server.TerminateAsync();
        server.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Serve_tells_anybody_the_routes_that_the_documentation_has()
    {
        await using var server = Start("serve", "--urls", "http://127.0.0.1:0");
        var url = await UrlOfAsync(server, "listening on ");

        var served = await _client.GetStringAsync(new Uri($"{url}/openapi.json"), Cancel);

        served.TrimEnd().Should().Be((await File.ReadAllTextAsync(Path.Combine(EndToEnd.SpendraProcess.Root, "docs", "gateway-openapi.json"), Cancel)).TrimEnd());
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_with_the_option()
    {
        await using var first = Start("serve", "--urls", "http://127.0.0.1:0");
        var url = await UrlOfAsync(first, "listening on ");
        await using var second = Start("serve", "--urls", url);
        await second.WaitForExitAsync();
        second.ExitCode.Should().Be(1);
        second.Lines.Should().Equal($"spendra: {url} is in use by another process: stop that one, or choose another address with --urls");
    }

    [Fact]
    public async Task The_demo_governs_survives_a_kill_and_verifies()
    {
        var environment = new Dictionary<string, string?> { ["SPENDRA__SWEEP__GATEWAYLEASESECONDS"] = "5", ["SPENDRA__SWEEP__INTERVALMS"] = "200" };
        await using (var demo = StartWith(environment, "demo", "--urls", "http://127.0.0.1:0"))
        {
            var url = await UrlOfAsync(demo, "Spendra demo: the gateway answers at ");
            if (!OperatingSystem.IsWindows())
                File.GetUnixFileMode(Path.Combine(_folder.Path, "demo-keys.json")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var paid = await CallAsync(url, "ada", "Hello");
            paid.StatusCode.Should().Be(HttpStatusCode.OK);
            (await CallAsync(url, "grace", "Hello")).StatusCode.Should().Be(HttpStatusCode.PaymentRequired);
            _ = CallAsync(url, "ada", "Hello [[sandbox latency_ms=60000]]");
            await UntilAsync(async () => (await ReservationsAsync()) == 1);
            demo.Kill();
        }
        await using (var demo = StartWith(environment, "demo", "--urls", "http://127.0.0.1:0"))
        {
            var url = await UrlOfAsync(demo, "Spendra demo: the gateway answers at ");
            (await CallAsync(url, "ada", "Hello")).StatusCode.Should().Be(HttpStatusCode.OK, "the keys are still known");
            await UntilAsync(async () => (await ReservationsAsync()) == 0);
            await demo.TerminateAsync();
            demo.ExitCode.Should().Be(0);
        }
        var budgets = (await JsonAsync("budgets")).GetProperty("budgets").EnumerateArray().ToDictionary(b => b.GetProperty("slug").GetString()!);
        budgets["crawler-ever"].GetProperty("scope").GetString().Should().Be("agent/crawler");
        budgets["crawler-ever"].GetProperty("windowEnd").ValueKind.Should().Be(JsonValueKind.Null, "it never ends");
        budgets["crawler-ever"].GetProperty("limitUsd").GetString().Should().Be("50");
        budgets["ads-month"].GetProperty("remainingUsd").GetString().Should().Be("100", "a window without a row has not been used");
        var verification = await JsonAsync("verify");
        verification.GetProperty("violationCount").GetInt64().Should().Be(0);
        verification.GetProperty("checked").GetProperty("expired_event_is_estimated").GetInt64().Should().Be(1);
    }

    private TestProcess Start(params string[] arguments) => StartWith(null, arguments);

    private TestProcess StartWith(IReadOnlyDictionary<string, string?>? environment, params string[] arguments) =>
        TestProcess.Start(Program, [.. arguments, "--data", _folder.Path], environment, _folder.Path);

    private static async Task<string> UrlOfAsync(TestProcess process, string before)
    {
        var line = await process.WaitForLineAsync(l => l.StartsWith(before, StringComparison.Ordinal));
        return line[before.Length..].Split(',', ' ')[0];
    }

    private async Task<HttpResponseMessage> CallAsync(string url, string key, string content)
    {
        var keys = JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "demo-keys.json"), Cancel))!;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{url}/v1/chat/completions");
        request.Headers.Authorization = new("Bearer", keys[key]);
        request.Content = new StringContent(
            $$"""{"model":"gpt-5.4-mini","messages":[{"role":"user","content":"{{content}}"}]}""", Encoding.UTF8, "application/json");
        return await _client.SendAsync(request, Cancel);
    }

    private async Task<int> ReservationsAsync() => (await JsonAsync("reservations")).GetProperty("reservations").GetArrayLength();

    private async Task<JsonElement> JsonAsync(string command)
    {
        await using var process = Start(command, "--json");
        await process.WaitForExitAsync();
        return JsonDocument.Parse(process.Output).RootElement;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var attempt = 0; !await condition(); attempt++)
        {
            attempt.Should().BeLessThan(60);
            await Task.Delay(250, Cancel);
        }
    }
}
