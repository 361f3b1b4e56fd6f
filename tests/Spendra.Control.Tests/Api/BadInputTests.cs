using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Control.Tests.SignIn;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>
/// Every operation with everything that it does not take: each is answered with what is wrong where, and when all have been
/// asked the database is as it was, row by row.
/// </summary>
public sealed class BadInputTests
{
    private const string Ada = "ada@acme.example";
    private static readonly string[] FrameworkWords = ["The field ", " field is ", "for parameter", "Implicit", "inferred", "JSON tokens", "System."];
    private const string Injection = "'; DROP TABLE members; --";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Nothing_that_is_wrong_is_taken_by_any_operation_and_nothing_is_half_done(DatabaseEngine engine)
    {
        await using var api = await ControlHarness.StartAsync(engine, options: People.Plain with { SignInsPerMinute = 10_000, SignInsPerMinuteOfAddress = 1_000_000 });
        await api.ApplyAsync(Files.Acme);
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        using var browser = await api.SignedInAsync(Ada);
        var before = await api.Store.DumpAsync();

        var faults = new List<string>();
        foreach (var endpoint in api.Mapped.Where(e => e.Metadata.GetMetadata<Operation>() is { TakesAnyQuery: false } && e.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal)))
        {
            var (method, path) = (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0], PathOf(endpoint));
            await AskQueriesAsync(browser, endpoint, method, path, faults);
            await AskBodiesAsync(browser, endpoint, method, path, faults);
        }

        faults.Should().BeEmpty();
        (await api.Store.DumpAsync()).Should().Equal(before);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task What_looks_like_a_command_is_a_text_everywhere(DatabaseEngine engine)
    {
        await using var api = await ControlHarness.StartAsync(engine, options: People.Plain with { SignInsPerMinute = 10_000, SignInsPerMinuteOfAddress = 1_000_000 });
        await api.ApplyAsync(Files.Acme);
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        using var browser = await api.SignedInAsync(Ada);
        foreach (var endpoint in api.Mapped.Where(e => e.Metadata.GetMetadata<Operation>() is { Name: not "leaveOrganization" and not "signOut" and not "signOutEverywhere" }))
        {
            var (method, path) = (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0], PathOf(endpoint, Injection));
            var names = endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>()
                .Where(p => p.ParameterInfo.GetCustomAttributes(typeof(Microsoft.AspNetCore.Mvc.FromQueryAttribute), true).Length > 0).Select(p => p.Name);
            foreach (var query in names.Select(n => $"?{n}={Uri.EscapeDataString(Injection)}").Append(""))
                (await browser.Calls.SendAsync(new HttpMethod(method), path + query, method == "GET" ? null : "{}", "*")).Status.Should().BeLessThan(500, $"{path}{query}");
            if (endpoint.Metadata.GetMetadata<Operation>()!.Example is not { } example) continue;
            var body = JsonSerializer.SerializeToNode(example, ControlJson.Options)!.AsObject();
            foreach (var name in body.Where(m => m.Value?.GetValueKind() == JsonValueKind.String).Select(m => m.Key).ToList())
            {
                var spoilt = body.DeepClone().AsObject();
                spoilt[name] = Injection;
                var answer = await browser.Calls.SendAsync(new HttpMethod(method), PathOf(endpoint), spoilt.ToJsonString(), "*");
                answer.Status.Should().BeLessThan(500, $"{path} {name}: {answer.Body}");
            }
        }
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM members")).Should().Be(1);
    }

    private static async Task AskQueriesAsync(Browser browser, RouteEndpoint endpoint, string method, string path, List<string> faults)
    {
        var example = endpoint.Metadata.GetMetadata<Operation>()!.Example;
        var body = example is null ? "{}" : JsonSerializer.Serialize(example, ControlJson.Options);
        foreach (var (query, field) in BadInput.Queries(endpoint))
        {
            var answer = await browser.Calls.SendAsync(new HttpMethod(method), $"{path}?{query}", method == "GET" ? null : body, "*");
            Judge($"{method} {path}?{Short(query)}", answer, field, faults);
        }
    }

    private static async Task AskBodiesAsync(Browser browser, RouteEndpoint endpoint, string method, string path, List<string> faults)
    {
        if (endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is not { } type) return;
        foreach (var text in BadInput.NoBodies)
            Judge($"{method} {path} {text}", await browser.Calls.SendAsync(new HttpMethod(method), path, text, "*"), null, faults);
        var example = endpoint.Metadata.GetMetadata<Operation>()!.Example ?? throw new InvalidOperationException($"{path} reads a body and shows none");
        foreach (var body in BadInput.Bodies(type, JsonSerializer.SerializeToNode(example, type, ControlJson.Options)!.AsObject()))
            Judge($"{method} {path} {Short(body.Text)}", await browser.Calls.SendAsync(new HttpMethod(method), path, body.Text, "*"), body.Field, faults);
        foreach (var kind in new[] { "text/plain", "application/json; charset=no-such-set", "application/json; charset=\"utf-16\"" })
            await AskAsync(browser, method, path, new ByteArrayContent("{}"u8.ToArray()), kind, 415, faults);
        var large = new byte[BufferedBody.MostBytes + 1];
        large.AsSpan().Fill((byte)' ');
        await AskAsync(browser, method, path, new ByteArrayContent(large), "application/json", 413, faults);
        // Its length comes with its end.
        await AskAsync(browser, method, path, new StreamContent(new UnknownLength(large)), "application/json; charset=utf-8", 413, faults);
    }

    private static async Task AskAsync(Browser browser, string method, string path, HttpContent content, string kind, int status, List<string> faults)
    {
        content.Headers.TryAddWithoutValidation("Content-Type", kind);
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        using var answer = await browser.Http.SendAsync(request, Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        if ((int)answer.StatusCode != status || !body.Contains(answer.Headers.GetValues(RequestIds.Header).Single(), StringComparison.Ordinal))
            faults.Add($"{method} {path} as {kind}, expected {status}: {answer.StatusCode} {Short(body)}");
    }

    /// <summary>A body that is sent in pieces.</summary>
    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    private static void Judge(string asked, ControlAnswer answer, string? field, List<string> faults)
    {
        // By its name alone or with its path: rules[0].group.
        var isNamed = field is null || (answer.Status == 400 && answer.Fields.Any(f => f.Split('.', '[').Contains(field, StringComparer.OrdinalIgnoreCase)));
        if (answer.Status is not (400 or 413) || answer.Json.GetProperty("requestId").GetString() != answer.RequestId || !isNamed)
            faults.Add($"{asked} → {answer.Status} {Short(answer.Body)}, expected {field}");
        // The framework's own sentences name things of the code.
        else if (FrameworkWords.Any(w => answer.Body.Contains(w, StringComparison.Ordinal)))
            faults.Add($"{asked} → {Short(answer.Body)}");
    }

    private static string Short(string text) => text.Length <= 300 ? text : $"{text[..140]}…{text[^140..]}";

    private static string PathOf(RouteEndpoint endpoint, string? name = null)
    {
        var parts = endpoint.RoutePattern.RawText!.Replace("{organization}", "acme", StringComparison.Ordinal).Split('/');
        for (var i = 1; i < parts.Length; i++)
        {
            if (!parts[i].StartsWith('{')) continue;
            parts[i] = name is not null ? Uri.EscapeDataString(name) : parts[i].Contains(":long", StringComparison.Ordinal) ? "1" : parts[i - 1] switch
            {
                "branches" => "emea", "teams" => "search", "projects" => "ranking", "employees" => "e1001", "agents" => "writer", "subagents" => "fetcher",
                "budgets" => "ada-week", "policies" => "search-models", "keys" => "ada", "provider-accounts" => "main", _ => Guid.Empty.ToString(),
            };
        }
        return string.Join('/', parts);
    }
}
