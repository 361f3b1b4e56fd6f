using System.Text.Json;

namespace Spendra.Tests.EndToEnd;

/// <summary>
/// Clients for Node.js as they come, with the retries that they have when nobody sets any: a refusal reaches the program at
/// once, as the client's own error, and an answer that the provider broke off is no short answer.
/// </summary>
public sealed class TroubledClientTests
{
    /// <summary>The class of the error that a refusal is, and whether the client puts the request's id into it.</summary>
    private static readonly Dictionary<string, (string Type, bool HasId)> Clients = new()
    {
        ["openai-chat"] = ("APIError", true),
        ["openai-responses"] = ("APIError", true),
        ["openrouter-chat"] = ("APIError", true),
        ["azure-deployment"] = ("APIError", true),
        ["azure-v1"] = ("APIError", true),
        ["anthropic"] = ("PaymentRequiredError", true),
        ["anthropic-vertex"] = ("PaymentRequiredError", true),
        ["google-gemini"] = ("ApiError", false),
        ["google-vertex"] = ("ApiError", false),
    };

    [Fact]
    public async Task Every_client_for_NodeJs_tells_of_a_refusal_at_once_and_of_a_stream_that_broke_off()
    {
        await using var site = await Site.CreateAsync(sandbox: Troubled.Provider);
        await site.ApplyAsync(Troubled.Declaration(site, Clients.Keys));
        var served = await site.ServeAsync();

        var seen = (await SpendraProcess.RunAsync("node", ["trouble.mjs"], Troubled.Variables(site, served), Path.Combine(SpendraProcess.Root, "tests", "clients"))).ShouldSucceed().Json;

        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        var books = await KeyBooks.ReadAsync(site);
        foreach (var client in Clients.Keys)
        {
            var its = books.Of(client);
            Troubled.ShouldBeBooked(its, client);
            var plain = seen.GetProperty(client).GetProperty("plain");
            (plain.GetProperty("text").GetString(), plain.GetProperty("input").GetInt64(), plain.GetProperty("output").GetInt64())
                .Should().Be((Acme.Text, Troubled.InputTokens, Troubled.OutputTokens), client);
            ShouldBeRefusal(seen.GetProperty(client).GetProperty("refusal"), client, its.Refusals[0]);
            ShouldBeRefusal(seen.GetProperty(client).GetProperty("refusedStream"), client, its.Refusals[1]);
            ShouldTellBreaks(seen.GetProperty(client).GetProperty("broken"), client, its);
        }
        // Whatever was refused is not among them.
        site.Sandbox.Journal.Count.Should().Be(Clients.Count * (1 + Troubled.Breaks.Count));
    }

    private static void ShouldBeRefusal(JsonElement error, string client, KeyBooks.Refused refusal)
    {
        var (type, hasId) = Clients[client];
        (error.GetProperty("type").GetString(), error.GetProperty("isOwn").GetBoolean(), error.GetProperty("status").GetInt32())
            .Should().Be((type, true, 402), client);
        error.GetProperty("requestId").GetString().Should().Be(hasId ? refusal.RequestId.ToString() : null, client);
        var message = error.GetProperty("message").GetString();
        message.Should().Contain(Troubled.MessageOf(refusal)).And.Contain($"Budget '{client}-total' cannot cover this request (limit {Troubled.CapUsd}, ");
        // Google's client has no member for the code: it stands in the message, which is the whole body.
        if (hasId) error.GetProperty("code").GetString().Should().Be("budget_exceeded", client);
        else message.Should().Contain("\"reason\":\"budget_exceeded\"");
    }

    private static void ShouldTellBreaks(JsonElement broken, string client, KeyBooks books)
    {
        var ids = Troubled.Breaks.Keys.Zip(books.Events.Skip(1)).ToDictionary(p => p.First, p => p.Second.ReservationId);
        var between = broken.GetProperty("between");
        Acme.Text.Should().StartWith(between.GetProperty("text").GetString()).And.NotBe(between.GetProperty("text").GetString());
        between.GetProperty("error").GetProperty("isOwn").GetBoolean().Should().BeTrue(client);
        between.GetProperty("error").GetProperty("message").GetString().Should().Contain("The provider's response broke off.").And.Contain($"(request {ids["between"]})");

        // What the runtime says of a connection that broke; some clients make it their own error, others let it pass.
        broken.GetProperty("inside").GetProperty("error").GetProperty("message").GetString().Should().Be("terminated", client);

        var told = broken.GetProperty("told");
        told.GetProperty("text").GetString().Should().Be("Every budget holds because the ledger answers before", client);
        // A response that failed is an event like others to OpenAI's client, from the provider itself too.
        if (told.GetProperty("last").GetString() is { } last) last.Should().Be("response.failed", client);
        else told.GetProperty("error").GetProperty("isOwn").GetBoolean().Should().BeTrue(client);
    }
}
