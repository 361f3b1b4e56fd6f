using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests;

/// <summary>With every cap at zero no route makes an upstream call. A route that is added must be added here.</summary>
public sealed class RouteCensusTests
{
    /// <summary>Every route below the version prefix, by hand: governed ones and those that are answered locally.</summary>
    internal static readonly (string Method, string Path)[] Routes =
    [
        ("POST", "chat/completions"), ("POST", "responses"), ("POST", "embeddings"), ("POST", "responses/input_tokens"),
        ("GET", "responses/{id}"), ("DELETE", "responses/{id}"), ("POST", "responses/{id}/cancel"), ("GET", "responses/{id}/input_items"),
        ("POST", "files"), ("GET", "files/{id}"), ("GET", "files/{id}/content"), ("DELETE", "files/{id}"),
        ("GET", "models"), ("GET", "models/m1"), ("GET", "files"),
    ];

    [Fact]
    public void Every_governed_route_is_in_the_census() =>
        GovernedRoute.All.Select(r => (r.Method, r.Pattern[1..])).Should().BeSubsetOf(Routes);

    [Fact]
    public async Task With_a_cap_of_zero_no_route_reaches_the_provider()
    {
        await using var company = await Company.StartAsync();
        var file = (string)(await Uploads.SendAsync(company, "a.txt", "text")).ShouldBe(200).Json["id"]!;
        var response = (string)(await company.PostAsync("responses", Bodies.Response())).ShouldBe(200).Json["id"]!;
        await company.SettledAsync();
        await company.ApplyAsync(new Rules { Cap = "0" });
        var before = company.Journal.Count;

        foreach (var (method, path) in Routes)
        {
            var named = path.Replace("files/{id}", $"files/{file}").Replace("responses/{id}", $"responses/{response}");
            using var client = company.Client();
            using var request = new HttpRequestMessage(new HttpMethod(method), named);
            request.Content = path switch
            {
                "chat/completions" => GatewayHarness.Json(Bodies.Chat()),
                "responses" or "responses/input_tokens" => GatewayHarness.Json(Bodies.Response()),
                "embeddings" => GatewayHarness.Json("""{"model":"emb","input":"x"}"""),
                "files" when method == "POST" => Uploads.Form("b.txt", "text"),
                _ => null,
            };

            var answer = await Answer.SendAsync(client, request);

            if (GovernedRoute.All.Any(r => (r.Method, r.Pattern[1..]) == (method, path))) answer.ShouldBe(402, "budget_exceeded");
            else answer.ShouldBe(200);
        }
        company.Journal.Count.Should().Be(before);
        var books = await company.SettledAsync();
        books.Refusals.Select(r => r.Route).Should().BeEquivalentTo(GovernedRoute.All.Select(r => r.Name));
    }

    [Theory]
    [InlineData("POST", "completions")]
    [InlineData("POST", "images/generations")]
    [InlineData("POST", "audio/speech")]
    [InlineData("POST", "batches")]
    [InlineData("GET", "chat/completions")]
    [InlineData("PUT", "files/x1")]
    [InlineData("GET", "organization/costs")]
    [InlineData("POST", "responses/compact")]
    [InlineData("POST", "chat/completions/x1")]
    [InlineData("DELETE", "models/m1")]
    public async Task What_is_not_governed_is_not_passed_through(string method, string path)
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method != "GET") request.Content = GatewayHarness.Json(Bodies.Chat());

        var answer = await Answer.SendAsync(client, request);

        answer.Status.Should().Be(404);
        company.Journal.Count.Should().Be(0);
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_web_socket_is_told_to_come_back_without()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "responses");
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");

        (await Answer.SendAsync(client, request)).ShouldBe(426, "websocket_not_supported");

        company.Journal.Count.Should().Be(0);
    }
}
