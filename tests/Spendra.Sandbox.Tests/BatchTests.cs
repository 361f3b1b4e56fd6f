using System.Text;
using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class BatchTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Batch_is_complete_at_the_second_fetch_with_its_totals()
    {
        var created = await CreateAsync(Chat, "", Line("a", Chat, Provider.Chat()), Line("b", Chat, Provider.Chat("[[sandbox cached_tokens=2 tokens=5]]")));
        var first = await FetchAsync(created);
        var second = await FetchAsync(created);

        ((string)created["status"]!).Should().Be("validating");
        ((string)first["status"]!).Should().Be("in_progress");
        first["output_file_id"].Should().BeNull();
        ((long)first["usage"]!["total_tokens"]!).Should().Be(0);
        ((string)second["status"]!).Should().Be("completed");
        second["request_counts"]!.ToJsonString().Should().Be("""{"total":2,"completed":2,"failed":0}""");
        second["error_file_id"].Should().BeNull();
        var lines = await LinesAsync(second["output_file_id"]);
        lines.Select(line => (string)line["custom_id"]!).Should().Equal("a", "b");
        lines.Should().OnlyContain(line => (int)line["response"]!["status_code"]! == 200 && line["error"] == null);
        var usages = lines.Select(line => line["response"]!["body"]!["usage"]!).ToList();
        var usage = second["usage"]!;
        ((long)usage["input_tokens"]!).Should().Be(usages.Sum(one => (long)one["prompt_tokens"]!));
        ((long)usage["output_tokens"]!).Should().Be(16 + 5);
        ((long)usage["input_tokens_details"]!["cached_tokens"]!).Should().Be(2);
        ((long)usage["total_tokens"]!).Should().Be((long)usage["input_tokens"]! + 21);
    }

    [Theory]
    [InlineData("/v1/responses", """{"model":"m","input":"Hello"}""", "resp_")]
    [InlineData("/v1/embeddings", """{"model":"m","input":"Hello","dimensions":2}""", null)]
    public async Task Other_endpoints_answer_as_they_do_alone(string endpoint, string body, string? prefix)
    {
        var created = await CreateAsync(endpoint, "batch_fetches=0", Line("a", endpoint, body));

        ((string)created["status"]!).Should().Be("completed");
        var answer = (await LinesAsync(created["output_file_id"])).Should().ContainSingle().Subject["response"]!["body"]!;
        if (prefix is not null)
            ((string)answer["id"]!).Should().StartWith(prefix);
        ((long)created["usage"]!["total_tokens"]!).Should().Be((long)answer["usage"]!["total_tokens"]!).And.BePositive();
    }

    [Fact]
    public async Task Lines_that_fail_stand_in_a_file_of_their_own()
    {
        var created = await CreateAsync(
            Chat, "batch_fetches=1",
            Line("good", Chat, Provider.Chat()),
            Line("busy", Chat, Provider.Chat("[[sandbox status=429]]")),
            Line("bad", Chat, """{"model":"m"}"""));
        var batch = await FetchAsync(created);

        batch["request_counts"]!.ToJsonString().Should().Be("""{"total":3,"completed":1,"failed":2}""");
        ((string)batch["metadata"]!["kept"]!).Should().Be("yes");
        ((string)(await LinesAsync(batch["output_file_id"])).Should().ContainSingle().Subject["custom_id"]!).Should().Be("good");
        var failed = await LinesAsync(batch["error_file_id"]);
        failed.Select(line => (int)line["response"]!["status_code"]!).Should().Equal(429, 400);
        ((string)failed[0]["response"]!["body"]!["error"]!["code"]!).Should().Be("rate_limit_exceeded");
        ((long)batch["usage"]!["output_tokens"]!).Should().Be(16);
    }

    [Fact]
    public async Task Faults_of_a_connection_do_not_touch_a_line()
    {
        var created = await CreateAsync(
            Chat, "batch_fetches=0",
            Line("a", Chat, Provider.Chat("[[sandbox hang=true break_after=1 gzip=true latency_ms=3600000]]", ",\"stream\":true")));

        ((int)created["request_counts"]!["completed"]!).Should().Be(1);
        ((string)(await LinesAsync(created["output_file_id"]))[0]["response"]!["body"]!["object"]!).Should().Be("chat.completion");
    }

    [Fact]
    public async Task Files_of_a_batch_are_listed_by_their_purpose()
    {
        var created = await CreateAsync(Chat, "batch_fetches=0", Line("a", Chat, Provider.Chat()));

        var list = await _provider.GetJsonAsync("files?purpose=batch_output");

        ((string)list["data"]![0]!["id"]!).Should().Be((string)created["output_file_id"]!);
    }

    [Fact]
    public async Task Cancelled_batch_keeps_what_was_done()
    {
        var created = await CreateAsync(
            Chat, "batch_lines=1", Line("a", Chat, Provider.Chat()), Line("b", Chat, Provider.Chat()));
        var cancelling = await _provider.PostJsonAsync($"batches/{(string)created["id"]!}/cancel", "");
        var cancelled = await FetchAsync(created);

        ((string)cancelling["status"]!).Should().Be("cancelling");
        ((string)cancelled["status"]!).Should().Be("cancelled");
        cancelled["request_counts"]!.ToJsonString().Should().Be("""{"total":2,"completed":1,"failed":0}""");
        ((long)cancelled["usage"]!["output_tokens"]!).Should().Be(16);
        ((string)(await LinesAsync(cancelled["output_file_id"])).Should().ContainSingle().Subject["custom_id"]!).Should().Be("a");
        await _provider.PostJsonAsync($"batches/{(string)created["id"]!}/cancel", "", status: 409);
    }

    [Fact]
    public async Task Expired_batch_names_the_lines_that_were_left()
    {
        var created = await CreateAsync(
            Chat, "batch_fetches=0 batch_end=expired batch_lines=1",
            Line("a", Chat, Provider.Chat()), Line("b", Chat, Provider.Chat()));

        ((string)created["status"]!).Should().Be("expired");
        var left = (await LinesAsync(created["error_file_id"])).Should().ContainSingle().Subject;
        ((string)left["custom_id"]!).Should().Be("b");
        left["response"].Should().BeNull();
        ((string)left["error"]!["code"]!).Should().Be("batch_expired");
        created["request_counts"]!.ToJsonString().Should().Be("""{"total":2,"completed":1,"failed":1}""");
    }

    [Theory]
    [InlineData("not json", "invalid_json_line")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}}""", "mismatched_url")]
    [InlineData("""{"method":"POST","url":"/v1/chat/completions","body":{}}""", "missing_required_parameter")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions"}""", "missing_required_parameter")]
    [InlineData("""{"custom_id":"a","method":"GET","url":"/v1/chat/completions","body":{}}""", "invalid_method")]
    [InlineData("", "empty_file")]
    public async Task Input_with_a_bad_line_fails_whole(string line, string code)
    {
        var created = await CreateAsync(Chat, "", line, line.Length == 0 ? "" : Line("z", Chat, Provider.Chat()));
        await FetchAsync(created);
        var batch = await FetchAsync(created);

        ((string)batch["status"]!).Should().Be("failed");
        ((string)batch["errors"]!["data"]![0]!["code"]!).Should().Be(code);
        batch["output_file_id"].Should().BeNull();
        batch["request_counts"]!.ToJsonString().Should().Be("""{"total":0,"completed":0,"failed":0}""");
    }

    [Fact]
    public async Task Custom_id_may_stand_only_once()
    {
        var created = await CreateAsync(Chat, "", Line("a", Chat, Provider.Chat()), Line("a", Chat, Provider.Chat()));
        await FetchAsync(created);

        var error = (await FetchAsync(created))["errors"]!["data"]![0]!;

        ((string)error["code"]!).Should().Be("duplicate_custom_id");
        ((int)error["line"]!).Should().Be(2);
    }

    [Theory]
    [InlineData("file-none", Chat, "24h", "input_file_id")]
    [InlineData(null, "/v1/images/generations", "24h", "endpoint")]
    [InlineData(null, Chat, "1h", "completion_window")]
    public async Task Creation_that_makes_no_sense_is_refused(string? file, string endpoint, string window, string param)
    {
        file ??= (string)(await _provider.UploadAsync([1], purpose: "batch"))["id"]!;

        var answer = await _provider.PostJsonAsync(
            "batches", $$"""{"input_file_id":"{{file}}","endpoint":"{{endpoint}}","completion_window":"{{window}}"}""", status: 400);

        ((string)answer["error"]!["param"]!).Should().Be(param);
    }

    [Fact]
    public async Task File_of_another_purpose_is_refused()
    {
        var file = (string)(await _provider.UploadAsync([1], purpose: "user_data"))["id"]!;

        await _provider.PostJsonAsync("batches", $$"""{"input_file_id":"{{file}}","endpoint":"{{Chat}}","completion_window":"24h"}""", status: 400);
    }

    [Fact]
    public async Task Batches_are_listed_newest_first_without_being_fetched()
    {
        var first = await CreateAsync(Chat, "", Line("a", Chat, Provider.Chat()));
        var second = await CreateAsync(Chat, "", Line("a", Chat, Provider.Chat()));

        for (var time = 0; time < 3; time++)
            await _provider.GetJsonAsync("batches");
        var page = await _provider.GetJsonAsync("batches?limit=1");

        ((string)page["data"]![0]!["id"]!).Should().Be((string)second["id"]!);
        ((bool)page["has_more"]!).Should().BeTrue();
        ((string)(await FetchAsync(first))["status"]!).Should().Be("in_progress");
        await _provider.GetJsonAsync("batches/batch_none", status: 404);
        await _provider.PostJsonAsync("batches/batch_none/cancel", "", status: 404);
    }

    [Fact]
    public async Task Totals_may_contradict_the_lines_or_be_absent()
    {
        var odd = await CreateAsync(
            Chat, "batch_fetches=0 output_tokens=-1 total_tokens=7", Line("a", Chat, Provider.Chat()));
        var none = await CreateAsync(
            Chat, "batch_fetches=0 no_usage=true", Line("a", Chat, Provider.Chat()));

        ((long)odd["usage"]!["output_tokens"]!).Should().Be(-1);
        ((long)odd["usage"]!["total_tokens"]!).Should().Be(7);
        none.AsObject().ContainsKey("usage").Should().BeFalse();
        _provider.Server.Journal.ModelCalls.Should().Be(2, "a batch is one call that is charged for");
    }

    private static string Line(string id, string url, string body) =>
        $$"""{"custom_id":"{{id}}","method":"POST","url":"{{url}}","body":{{body}}}""";

    private async Task<JsonNode> CreateAsync(string endpoint, string knobs, params string[] lines)
    {
        var file = await _provider.UploadAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines)), purpose: "batch");
        return await _provider.PostJsonAsync(
            "batches",
            $$$"""{"input_file_id":"{{{(string)file["id"]!}}}","endpoint":"{{{endpoint}}}","completion_window":"24h","metadata":{"sandbox":"{{{knobs}}}","kept":"yes"}}""");
    }

    private Task<JsonNode> FetchAsync(JsonNode batch) => _provider.GetJsonAsync($"batches/{(string)batch["id"]!}");

    private async Task<List<JsonNode>> LinesAsync(JsonNode? fileId)
    {
        var content = await _provider.Http.GetStringAsync($"files/{(string)fileId!}/content", Provider.Token);
        return [.. content.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
