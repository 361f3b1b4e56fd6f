using System.Text;

namespace Spendra.Sandbox.Tests;

public sealed class JournalTests
{
    [Fact]
    public async Task Exactly_the_requests_that_arrived_are_counted()
    {
        await using var provider = await Provider.StartAsync();
        var journal = provider.Server.Journal;
        journal.Count.Should().Be(0);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => provider.PostJsonAsync("chat/completions", Provider.Chat())));
        await provider.PostJsonAsync("responses", Provider.Response());

        journal.Count.Should().Be(101);
        journal.CountOf(SandboxRoute.ChatCompletions).Should().Be(100);
        journal.CountOf(SandboxRoute.CreateResponse).Should().Be(1);
        journal.CountOf(SandboxRoute.UploadFile).Should().Be(0);
        journal.Requests.Should().BeEmpty("nothing is recorded unless asked for");
    }

    [Fact]
    public async Task Recorded_request_shows_what_arrived()
    {
        await using var provider = await Provider.StartAsync(new SandboxOptions { RecordRequests = true });
        provider.Http.DefaultRequestHeaders.Add("OpenAI-Project", "proj_x");
        var body = Provider.Chat("Grüße");

        await provider.PostJsonAsync("chat/completions", body);
        await provider.GetJsonAsync("files?limit=2");

        var requests = provider.Server.Journal.Requests;
        requests.Should().HaveCount(2);
        requests[0].Route.Should().Be(SandboxRoute.ChatCompletions);
        requests[0].Method.Should().Be("POST");
        requests[0].IsBodyComplete.Should().BeTrue();
        Encoding.UTF8.GetString(requests[0].Body.Span).Should().Be(body);
        requests[0].Headers["authorization"].Should().Be("Bearer sk-test");
        requests[0].Headers["openai-project"].Should().Be("proj_x");
        requests[1].PathAndQuery.Should().Be("/v1/files?limit=2");
    }

    [Fact]
    public async Task Upload_is_recorded_as_the_raw_form_up_to_the_bound()
    {
        await using var provider = await Provider.StartAsync(new SandboxOptions { RecordRequests = true, MaxRecordedBodyBytes = 1_000 });

        await provider.UploadAsync(Encoding.UTF8.GetBytes("content of the file"));
        await provider.UploadAsync(new byte[5_000]);

        var requests = provider.Server.Journal.Requests;
        Encoding.UTF8.GetString(requests[0].Body.Span).Should().Contain("content of the file").And.Contain("user_data");
        requests[0].IsBodyComplete.Should().BeTrue();
        requests[1].Body.Length.Should().Be(1_000);
        requests[1].IsBodyComplete.Should().BeFalse();
    }

    [Fact]
    public async Task Only_the_last_requests_are_kept()
    {
        await using var provider = await Provider.StartAsync(new SandboxOptions { RecordRequests = true, MaxRecordedRequests = 2 });

        foreach (var page in new[] { 1, 2, 3 })
            await provider.GetJsonAsync($"files?limit={page}");

        provider.Server.Journal.Requests.Select(request => request.PathAndQuery).Should().Equal("/v1/files?limit=2", "/v1/files?limit=3");
        provider.Server.Journal.Count.Should().Be(3);
    }

    [Fact]
    public async Task Refused_key_is_recorded_too()
    {
        await using var provider = await Provider.StartAsync(new SandboxOptions { RecordRequests = true, ApiKey = "sk-other" });

        await provider.PostJsonAsync("chat/completions", Provider.Chat(), status: 401);

        provider.Server.Journal.Requests.Should().ContainSingle().Which.IsBodyComplete.Should().BeFalse();
    }

    [Fact]
    public async Task Waiting_ends_with_the_request_that_is_waited_for_and_not_before()
    {
        await using var provider = await Provider.StartAsync();
        var journal = provider.Server.Journal;
        await journal.WaitForAsync(0, Provider.Token);
        var second = journal.WaitForAsync(2, Provider.Token);

        await provider.GetJsonAsync("models");
        second.IsCompleted.Should().BeFalse();
        await provider.GetJsonAsync("models");

        await second.WaitAsync(TimeSpan.FromSeconds(10), Provider.Token);
        await journal.WaitForAsync(2, Provider.Token);
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        await using var provider = await Provider.StartAsync();
        using var patience = new CancellationTokenSource();
        var waiting = provider.Server.Journal.WaitForAsync(1, patience.Token);

        await patience.CancelAsync();

        var awaiting = async () => await waiting;
        await awaiting.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Answer_that_was_written_whole_is_told_from_one_that_was_left()
    {
        await using var provider = await Provider.StartAsync();
        await provider.StreamAsync("chat/completions", Provider.Chat(more: ",\"stream\":true"));
        using (await provider.PostAsync("chat/completions", Provider.Chat("[[sandbox chunk_ms=3600000]]", ",\"stream\":true")))
        {
            // Leaving the block closes the connection in the middle of the stream.
        }

        SpinWait.SpinUntil(() => provider.Server.Journal.Abandoned == 1, TimeSpan.FromSeconds(10)).Should().BeTrue();
        provider.Server.Journal.Answered.Should().Be(1);
    }

    [Fact]
    public async Task Server_stops_while_a_request_hangs_and_frees_its_port()
    {
        var provider = await Provider.StartAsync();
        var port = provider.Server.BaseUrl.Port;
        var hanging = provider.PostAsync("chat/completions", Provider.Chat("[[sandbox hang=true]]"));
        await provider.Server.Journal.WaitForAsync(1, Provider.Token);

        await provider.Server.DisposeAsync();

        var waiting = async () => await hanging;
        await waiting.Should().ThrowAsync<HttpRequestException>();
        await using var next = await SandboxServer.StartAsync(new SandboxOptions { Port = port }, Provider.Token);
        next.BaseUrl.Port.Should().Be(port);
    }
}
