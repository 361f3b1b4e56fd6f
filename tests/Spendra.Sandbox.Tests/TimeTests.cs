using Microsoft.Extensions.Time.Testing;

namespace Spendra.Sandbox.Tests;

public sealed class TimeTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() =>
        _provider = await Provider.StartAsync(new SandboxOptions { Time = _time, MaxHang = TimeSpan.FromSeconds(10) });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Created_is_the_time_of_the_clock()
    {
        var answer = await _provider.PostJsonAsync("chat/completions", Provider.Chat());

        ((long)answer["created"]!).Should().Be(_time.GetUtcNow().ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Latency_holds_the_head_back()
    {
        var answer = _provider.PostAsync("chat/completions", Provider.Chat("[[sandbox latency_ms=5000]]"));
        await _provider.Server.Journal.WaitForAsync(1, Provider.Token);
        answer.IsCompleted.Should().BeFalse();

        await AdvanceUntilAsync(answer, TimeSpan.FromSeconds(5));

        (await answer).Headers.GetValues("openai-processing-ms").Should().ContainSingle().Which.Should().NotBe("0");
    }

    [Fact]
    public async Task Pause_stands_between_two_chunks_and_not_before_the_first()
    {
        using var answer = await _provider.PostAsync("chat/completions", Provider.Chat("[[sandbox chunk_ms=60000 tokens=1]]", ",\"stream\":true"));
        await using var stream = await answer.Content.ReadAsStreamAsync(Provider.Token);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(Provider.Token)).Should().Contain("\"role\":\"assistant\"");
        (await reader.ReadLineAsync(Provider.Token)).Should().BeEmpty();

        var second = reader.ReadLineAsync(Provider.Token).AsTask();
        second.IsCompleted.Should().BeFalse();
        await AdvanceUntilAsync(second, TimeSpan.FromSeconds(60));

        (await second).Should().Contain("Every");
    }

    [Fact]
    public async Task Hang_ends_without_an_answer_when_the_bound_is_reached()
    {
        var answer = _provider.PostAsync("chat/completions", Provider.Chat("[[sandbox hang=true]]"));
        await _provider.Server.Journal.WaitForAsync(1, Provider.Token);

        await AdvanceUntilAsync(answer, TimeSpan.FromSeconds(10));

        var waiting = async () => await answer;
        await waiting.Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task Hang_ends_when_the_client_leaves()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Provider.Token);
        using var content = new StringContent(Provider.Chat("[[sandbox hang=true]]"));
        var answer = _provider.Http.PostAsync("chat/completions", content, patience.Token);
        await _provider.Server.Journal.WaitForAsync(1, Provider.Token);

        await patience.CancelAsync();

        var waiting = async () => await answer;
        await waiting.Should().ThrowAsync<OperationCanceledException>();
        SpinWait.SpinUntil(() => _provider.Server.Journal.Abandoned == 1, TimeSpan.FromSeconds(10)).Should().BeTrue();
    }

    [Fact]
    public async Task Background_response_is_queued_then_in_progress_then_completed()
    {
        var queued = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox latency_ms=3000]]", ",\"background\":true"));
        var id = (string)queued["id"]!;
        var before = await _provider.GetJsonAsync($"responses/{id}");
        _time.Advance(TimeSpan.FromSeconds(3));
        var after = await _provider.GetJsonAsync($"responses/{id}");

        ((string)queued["status"]!).Should().Be("queued");
        queued["usage"].Should().BeNull();
        ((string)before["status"]!).Should().Be("in_progress");
        before["usage"].Should().BeNull();
        ((string)after["status"]!).Should().Be("completed");
        ((long)after["usage"]!["output_tokens"]!).Should().Be(16);
        ((long)after["completed_at"]!).Should().Be((long)after["created_at"]! + 3);
    }

    [Fact]
    public async Task Background_response_can_be_cancelled_until_it_has_ended()
    {
        var body = Provider.Response("[[sandbox latency_ms=3000]]", ",\"background\":true");
        var early = (string)(await _provider.PostJsonAsync("responses", body))["id"]!;
        var late = (string)(await _provider.PostJsonAsync("responses", body))["id"]!;

        var cancelled = await _provider.PostJsonAsync($"responses/{early}/cancel", "");
        _time.Advance(TimeSpan.FromSeconds(3));
        var completed = await _provider.PostJsonAsync($"responses/{late}/cancel", "{}");

        ((string)cancelled["status"]!).Should().Be("cancelled");
        ((string)(await _provider.GetJsonAsync($"responses/{early}"))["status"]!).Should().Be("cancelled");
        ((string)completed["status"]!).Should().Be("completed");
    }

    /// <summary>The server may not have begun to wait yet, so the clock moves again until it notices.</summary>
    private async Task AdvanceUntilAsync(Task done, TimeSpan step)
    {
        while (!done.IsCompleted)
        {
            _time.Advance(step);
            await Task.WhenAny(done, Task.Delay(20, Provider.Token));
        }
    }
}
