using Dapper;
using Spendra.Core.Money;
using Spendra.Proof.Kills;
using Spendra.Proof.Network;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>The controls: when a book is falsified, the comparison says so.</summary>
public sealed class InspectionTests : IAsyncLifetime
{
    // As if its settlement had been lost.
    private const string Reopen =
        """
        INSERT INTO open_reservations (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route,
            tier_percent, amount_nanos, bound_input, bound_output, epoch, reserved_at, expires_at, gateway_id)
        SELECT organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route,
            tier_percent, reserved_nanos, bound_input, bound_output, epoch, reserved_at, expires_at, reservation_id FROM spend_events
        """;

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
        await ChangeAsync(change);

        (await _site.InspectAsync()).Should().Contain(v => v.Contains(violation));
    }

    [Fact]
    public async Task An_open_reservation_is_found_out()
    {
        await ChangeAsync(Reopen);

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("never ended"));
    }

    [Theory]
    [InlineData(Reopen, "was left open by a stop in peace")]
    [InlineData("UPDATE spend_events SET kind = 1", "and its gateway lived")]
    public async Task What_a_stop_in_peace_has_lost_is_found_out(string change, string violation)
    {
        (await PeacefulStop.InspectAsync(_site.World, mayHaveLapsed: false)).Should().BeEmpty();
        await ChangeAsync(change);

        (await PeacefulStop.InspectAsync(_site.World, mayHaveLapsed: false)).Should().Contain(v => v.Contains(violation));
    }

    [Fact]
    public async Task An_admission_over_a_cap_is_found_out()
    {
        _site.World.Journal.Write(_chat with { Call = new Call("over", CallKind.OverCap) });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("was admitted over its cap"));
    }

    [Fact]
    public async Task A_false_cost_that_the_client_was_told_is_found_out()
    {
        _site.World.Journal.Write(_chat with { Cost = new NanoUsd(1) });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("was told it cost"));
    }

    [Fact]
    public async Task A_refusal_at_a_cap_that_has_room_is_found_out()
    {
        var capped = await _site.CallAsync(CallKind.Capped);
        await _site.RestAsync();
        _site.World.Journal.Write(capped with { Number = 2, Status = 402, ErrorCode = "budget_exceeded" });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("was refused as over its cap"));
    }

    [Fact]
    public async Task A_refusal_at_a_cap_that_is_used_up_is_none()
    {
        Attempt last;
        do last = await _site.CallAsync(CallKind.Capped);
        while (last.Status == 200);
        last.ErrorCode.Should().Be("budget_exceeded");

        (await _site.InspectAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("dora-1", false, 200, "which had been revoked")]
    [InlineData("dora-1", true, 401, "was in force")]
    [InlineData(Administrator.Budget, false, 200, "under a cap that had been cut")]
    [InlineData(Administrator.Budget, true, 402, "and its cap had been raised")]
    public async Task A_call_against_the_rules_is_found_out(string subject, bool permits, int status, string violation)
    {
        var book = _site.World.Administrator.Book;
        book.End(book.Begin(subject, permits), isKnown: true);
        var later = DateTimeOffset.UtcNow.AddSeconds(1);
        _site.World.Journal.Write(_chat with
        {
            Call = new Call("ruled", CallKind.Ruled) { Key = "dora-1" }, Status = status, BegunAt = later, EndedAt = later,
        });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains(violation));
    }

    [Theory]
    [InlineData("dora-1", 401)]
    [InlineData(Administrator.Budget, 402)]
    public async Task A_gateway_that_has_not_heard_of_new_rules_is_found_out(string subject, int expected)
    {
        (await _site.MeetsTheRulesAsync("dora-1")).Should().BeEmpty();
        var book = _site.World.Administrator.Book;
        book.End(book.Begin(subject, permits: false), isKnown: true);

        (await _site.MeetsTheRulesAsync("dora-1")).Should().ContainSingle().Which.Should().Contain("was told 200").And.Contain($"by the rules it is {expected}");
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

    [Theory]
    [InlineData(400, "invalid_request")]
    [InlineData(401, "invalid_api_key")]
    [InlineData(402, "budget_exceeded")]
    [InlineData(403, "model_not_allowed")]
    [InlineData(404, "not_found")]
    [InlineData(409, "idempotency_in_progress")]
    [InlineData(422, "idempotency_mismatch")]
    [InlineData(429, "budget_held")]
    [InlineData(500, "internal_error")]
    [InlineData(502, "upstream_failed")]
    [InlineData(503, "ledger_unavailable")]
    public async Task A_refusal_of_what_fits_is_found_out(int status, string code)
    {
        _site.World.Journal.Write(_chat with { Status = status, ErrorCode = code });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("nothing stood in its way"));
    }

    [Fact]
    public async Task A_ledger_that_was_away_is_said_to_be()
    {
        var refused = _chat with { Call = new Call("away", CallKind.Chat), Status = 503, ErrorCode = "ledger_unavailable", RequestId = null };
        _site.World.Journal.Write(refused);
        _site.World.Disturbances.DatabaseWasAway(_chat.BegunAt);
        _site.World.Journal.Write(refused with { Call = new Call("twisted", CallKind.Chat), ErrorCode = "provider_unavailable" });

        (await _site.InspectAsync()).Should().ContainSingle().Which.Should().Contain("twisted");
    }

    [Fact]
    public async Task An_answer_that_breaks_off_by_itself_is_found_out()
    {
        _site.World.Journal.Write(_chat with { HasEnded = false, IsComplete = false });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("nothing was cut"));
    }

    [Fact]
    public async Task A_call_that_hangs_is_found_out()
    {
        _site.World.Disturbances.ServersDie = true;
        _site.World.Journal.Write(new Attempt(new Call("hangs", CallKind.ListFiles), 1) { BegunAt = _chat.BegunAt, EndedAt = _chat.BegunAt + Load.AnswerPatience });

        (await _site.InspectAsync()).Should().ContainSingle().Which.Should().Contain("was not answered within");
    }

    [Theory]
    [InlineData(nameof(CallKind.Fetch), 404, "not_found")]
    [InlineData(nameof(CallKind.OverCap), 402, "budget_held")]
    [InlineData(nameof(CallKind.Capped), 402, "key_revoked")]
    [InlineData(nameof(CallKind.Ruled), 401, "budget_exceeded")]
    [InlineData(nameof(CallKind.ProviderRefuses), 429, "budget_held")]
    public async Task A_reason_that_is_not_the_calls_is_found_out(string kind, int status, string code)
    {
        _site.World.Journal.Write(_chat with { Call = new Call("odd", Enum.Parse<CallKind>(kind)) { ObjectId = "resp_1", Key = "dora-0" }, Status = status, ErrorCode = code });

        (await _site.InspectAsync()).Should().Contain(v => v.Contains("nothing stood in its way"));
    }

    [Fact]
    public async Task A_reservation_that_never_ends_is_found_out_in_its_place()
    {
        var found = new List<string>();
        await using var site = await CutSite.StartAsync("stuck", DatabaseEngine.Sqlite, postgres: null, found.Add, TimeSpan.FromMilliseconds(200));
        await site.CallAsync(CallKind.Chat);
        await site.RestAsync();
        await using (var database = site.World.Open())
        await using (var connection = await database.ConnectAsync(TestContext.Current.CancellationToken))
            await connection.ExecuteAsync(Reopen);

        await site.RestAsync();

        site.IsStuck.Should().BeTrue();
        found.Should().ContainSingle().Which.Should().Contain("1 reservations did not end");
    }

    private async Task ChangeAsync(string sql)
    {
        await using var database = _site.World.Open();
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(sql);
    }
}
