using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Spendra.Gateway.OpenApi;

namespace Spendra.Gateway.Tests;

/// <summary>
/// What every operation of the OpenAPI document answers when every cap is zero, exactly: what costs or reaches a provider
/// is refused by its budget, what is answered here is answered, and none of it reaches a provider.
/// </summary>
public sealed class DocumentStatusTests
{
    [Fact]
    public async Task With_a_cap_of_zero_what_is_governed_is_refused_by_its_budget_and_the_rest_is_answered_here()
    {
        await using var closed = await ClosedCompany.StartAsync();
        using var client = closed.Company.Client();

        foreach (var (operation, row) in await RowsAsync(closed))
        {
            foreach (var isStreamed in ClosedCompany.CanStream(row) ? new[] { false, true } : [false])
            {
                var answer = await SendAsync(client, closed.Request(row, isStreamed));

                if (operation.Kind == "governed") row.ShouldBeRefused(answer);
                else answer.ShouldBe(200, what: $"{row.Method} {row.Path}");
            }
        }

        await ShouldHaveReachedNobodyAsync(closed);
    }

    [Fact]
    public async Task A_garbled_body_is_a_400_and_reaches_nobody()
    {
        await using var closed = await ClosedCompany.StartAsync();
        using var client = closed.Company.Client();

        foreach (var (operation, row) in await RowsAsync(closed, o => o.HasBody))
        {
            var answer = await SendAsync(client, closed.Garbled(row));

            answer.ShouldBe(row.IsUpload ? 402 : 400, what: $"{row.Method} {row.Path} ({operation.Kind})");
        }

        await ShouldHaveReachedNobodyAsync(closed);
    }

    [Fact]
    public async Task An_object_that_nobody_has_is_a_404_and_reaches_nobody()
    {
        await using var closed = await ClosedCompany.StartAsync();
        using var client = closed.Company.Client();

        var rows = (await RowsAsync(closed)).Where(r => ClosedCompany.NamesObject(r.Row)).ToList();
        foreach (var (_, row) in rows) (await SendAsync(client, closed.ForNobodys(row))).ShouldBe(404, what: $"{row.Method} {row.Path}");

        rows.Should().HaveCountGreaterThan(30);
        await ShouldHaveReachedNobodyAsync(closed);
    }

    [Fact]
    public async Task Without_a_key_only_what_is_open_is_answered()
    {
        await using var closed = await ClosedCompany.StartAsync();
        using var nobody = closed.Company.Anonymous();

        foreach (var (operation, row) in await RowsAsync(closed))
            (await SendAsync(nobody, closed.Request(row))).ShouldBe(operation.Kind == "open" ? 200 : 401, what: $"{row.Method} {row.Path}");

        await ShouldHaveReachedNobodyAsync(closed);
    }

    [Fact]
    public async Task What_is_mapped_to_be_refused_is_a_404_by_every_method()
    {
        await using var closed = await ClosedCompany.StartAsync();
        using var client = closed.Company.Client();
        var refused = closed.Company.Gateway.Mapped.Where(e => e.Metadata.GetMetadata<RouteMark>() is { Kind: RouteKind.Refused }).ToList();

        foreach (var endpoint in refused)
        {
            foreach (var method in DocumentTests.MethodsOf(endpoint))
            {
                var path = Regex.Replace(GatewayDocument.PathOf(endpoint), @"\{\w+\}", "anything/else");
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                if (method is "POST" or "PUT") request.Content = GatewayHarness.Json(Bodies.Chat());
                (await Answer.SendAsync(client, request)).ShouldBe(404, what: $"{method} {path}");
            }
        }

        refused.Should().NotBeEmpty();
        await ShouldHaveReachedNobodyAsync(closed);
    }

    /// <summary>Every operation of the document with the rows of the census that it serves, of which there is at least one.</summary>
    private static async Task<List<(Documented Operation, RouteCensusTests.CensusRow Row)>> RowsAsync(ClosedCompany closed, Func<Documented, bool>? which = null)
    {
        RouteCensusTests.CensusRow[] all = [.. RouteCensusTests.Governed, .. RouteCensusTests.Local, .. RouteCensusTests.Open];
        var rows = new List<(Documented, RouteCensusTests.CensusRow)>();
        var document = await DocumentTests.DocumentAsync(closed.Company.Gateway);
        foreach (var operation in DocumentTests.Operations(document))
        {
            var hasBody = JsonNode.Parse(document)!["paths"]![operation.Path]![operation.Method.ToLowerInvariant()]!["requestBody"] is not null;
            var documented = new Documented(operation.Kind, hasBody);
            var served = all.Where(row => operation.Serves(row.Method, row.Path)).ToList();
            served.Should().NotBeEmpty($"{operation.Method} {operation.Path} must be in the census");
            if (which?.Invoke(documented) ?? true) rows.AddRange(served.Select(row => (documented, row)));
        }
        return rows;
    }

    private static async Task<Answer> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        using (request) return await Answer.SendAsync(client, request);
    }

    private static async Task ShouldHaveReachedNobodyAsync(ClosedCompany closed)
    {
        closed.Calls.Should().Be(0);
        (await closed.Company.SettledAsync()).Open.Should().BeEmpty();
        closed.Calls.Should().Be(0);
    }

    private sealed record Documented(string Kind, bool HasBody);
}
