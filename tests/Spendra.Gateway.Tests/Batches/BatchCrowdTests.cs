namespace Spendra.Gateway.Tests.Batches;

/// <summary>Whoever makes batches at a slow provider does not keep the others from making theirs.</summary>
public sealed class BatchCrowdTests
{
    private const string Good = "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"b1\",\"max_tokens\":16,\"messages\":[]}}";

    [Fact]
    public async Task Files_that_drip_take_a_part_of_the_places_and_whoever_finds_none_is_told()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var slow = await Company.StartAsync(Batched.Rules, gateway: gateway);
        await using var other = await Company.StartAsync(Batched.Rules, gateway: gateway);
        var file = await Batched.UploadAsync(slow, Good);
        await using var dripping = RawUpstream.Start(RawBatches.DripAsync);
        await slow.ApplyAsync(Batched.Rules with { BaseUrl = dripping.BaseUrl });
        using var left = new CancellationTokenSource();
        using var client = slow.Client();
        Task<HttpResponseMessage>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => client.PostAsync("batches", GatewayHarness.Json(Batched.Request(file)), left.Token))];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (dripping.Requests < 4) await Task.Delay(20, patience.Token);

        var refused = slow.PostAsync("batches", Batched.Request(file));
        (await Batched.CreateAsync(other, Good)).ShouldBe(200, what: "the other organization has places of its own");

        var told = (await refused).ShouldBe(429, "concurrency_limit_exceeded");
        told.Header("retry-after").Should().NotBeNull();
        waiting.Should().OnlyContain(w => !w.IsCompleted);
        await left.CancelAsync();
        foreach (var gone in waiting) await ((Task)gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        dripping.Requests.Should().Be(4);
    }

    [Fact]
    public async Task A_file_that_drips_for_ever_ends_with_the_time_of_the_request()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { ReservationSeconds = 2 });
        await using var company = await Company.StartAsync(Batched.Rules, gateway: gateway);
        var file = await Batched.UploadAsync(company, Good);
        await using var dripping = RawUpstream.Start(RawBatches.DripAsync);
        await company.ApplyAsync(Batched.Rules with { BaseUrl = dripping.BaseUrl });

        (await company.PostAsync("batches", Batched.Request(file))).ShouldBe(504, "upstream_timeout");

        var books = await company.SettledAsync();
        books.Paid.Should().BeEmpty();
        books.Events.Should().NotContain(e => e.Route == "batches.create");
    }

    [Fact]
    public async Task Batches_that_wait_for_their_provider_take_no_place()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(Batched.Rules, gateway: gateway);
        var file = await Batched.UploadAsync(company, Good);
        Task<Answer>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => company.PostAsync("batches", Batched.Request(file, "latency_ms=6000")))];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (Batched.CreatedAtProvider(company) < 4) await Task.Delay(20, patience.Token);

        (await company.PostAsync("batches", Batched.Request(file))).ShouldBe(200);

        waiting.Should().OnlyContain(w => !w.IsCompleted);
        foreach (var answer in await Task.WhenAll(waiting)) answer.ShouldBe(200);
    }
}
