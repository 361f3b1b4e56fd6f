using Dapper;
using Spendra.Proof.Network;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>The controls: when a book is falsified, the comparison says so.</summary>
public sealed class InspectionTests : IAsyncLifetime
{
    private CutSite _site = null!;
    private Attempt _chat = null!;

    public async ValueTask InitializeAsync()
    {
        _site = await CutSite.StartAsync("books", DatabaseEngine.Sqlite, postgres: null);
        _chat = await _site.CallAsync(CallKind.Chat);
        await _site.CallAsync(CallKind.Stream);
        await _site.RestAsync();
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Honest_books_agree()
    {
        _chat.IsComplete.Should().BeTrue();

        (await _site.InspectAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("DELETE FROM spend_events", "was acknowledged, and its reservation")]
    [InlineData("DELETE FROM spend_events", "the provider worked on")]
    [InlineData("UPDATE spend_events SET cost_nanos = cost_nanos - 1", "exact is")]
    [InlineData("UPDATE spend_events SET kind = 1, cost_nanos = reserved_nanos - 1", "exact is")]
    [InlineData("UPDATE spend_events SET reserved_nanos = reserved_nanos + 1", "was told that")]
    [InlineData("UPDATE windows SET reserved_nanos = 1", "still holds")]
    [InlineData("UPDATE windows SET settled_nanos = limit_nanos + 1", "is explained")]
    [InlineData("UPDATE windows SET settled_nanos = settled_nanos + 1", "verifier")]
    public async Task A_ledger_that_is_changed_is_found_out(string change, string violation)
    {
        await using (var database = _site.World.Open())
        {
            await using var connection = await database.ConnectAsync(CancellationToken.None);
            await connection.ExecuteAsync(change);
        }

        (await _site.InspectAsync()).Should().Contain(v => v.Contains(violation));
    }

    [Fact]
    public async Task A_second_dispatch_is_found_out()
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_site.World.Sandbox.BaseUrl}/chat/completions");
        request.Headers.Add("Authorization", "Bearer sandbox");
        request.Headers.Add("x-client-request-id", _chat.Id);
        request.Headers.Add(TracingIds.Header, _chat.RequestId.ToString());
        request.Content = _chat.Call.Content();
        (await http.SendAsync(request, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("reached the provider 2 times"))
            .And.Contain(v => v.Contains("was dispatched 2 times"));
    }

    [Fact]
    public async Task A_stream_that_was_cut_and_looks_whole_is_found_out()
    {
        _site.World.Journal.Write(_chat with { HasEnded = true, IsComplete = false });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("ended like a whole answer and is none"));
    }

    [Fact]
    public async Task A_refusal_of_what_fits_is_found_out()
    {
        _site.World.Journal.Write(_chat with { Status = 402 });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("although it fits"));
    }
}
