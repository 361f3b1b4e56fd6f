using System.Text;
using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class AzureTests : IAsyncLifetime
{
    private const string Current = "/openai/v1/chat/completions";
    private const string Deployment = "/openai/deployments/fast/chat/completions?api-version=2024-10-21";
    private const string NoModel = """{"messages":[{"role":"user","content":"Hello"}]}""";
    private const string WithUsage = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync(new SandboxOptions
    {
        Deployments = new Dictionary<string, string> { ["fast"] = "gpt-4.1-mini-2025-04-14", ["gpt-5.6-luna"] = "gpt-5.6-luna-2026-06-01" },
        RecordRequests = true,
    });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Answer_names_the_model_behind_the_deployment_on_both_paths()
    {
        var current = await _provider.PostJsonAsync(Current, Provider.Chat());
        var deployment = await _provider.PostJsonAsync(Deployment, NoModel);

        ((string)current["model"]!).Should().Be("gpt-5.6-luna-2026-06-01");
        ((string)deployment["model"]!).Should().Be("gpt-4.1-mini-2025-04-14");
        ((long)deployment["usage"]!["total_tokens"]!).Should().Be(25);
    }

    [Fact]
    public async Task Model_in_the_body_does_not_change_the_deployment_in_the_path()
    {
        var answer = await _provider.PostJsonAsync(Deployment, Provider.Chat());

        ((string)answer["model"]!).Should().Be("gpt-4.1-mini-2025-04-14");
    }

    [Fact]
    public async Task Without_a_map_every_deployment_is_its_own_model()
    {
        await using var open = await Provider.StartAsync();

        var answer = await open.PostJsonAsync("/openai/deployments/any/embeddings?api-version=1", """{"input":"x","dimensions":2}""");

        ((string)answer["model"]!).Should().Be("any");
        ((string)(await open.PostJsonAsync(Current, Provider.Chat("[[sandbox model=o9]]")))["model"]!).Should().Be("o9");
    }

    [Theory]
    [InlineData("/openai/deployments/other/chat/completions?api-version=1")]
    [InlineData("/openai/deployments/other/images/generations?api-version=1")]
    public async Task Unknown_deployment_is_a_404_with_its_own_code(string path)
    {
        var answer = await _provider.PostJsonAsync(path, """{"messages":[],"prompt":"x"}""", status: 404);

        ((string)answer["error"]!["code"]!).Should().Be("DeploymentNotFound");
    }

    [Fact]
    public async Task Older_path_needs_a_version_and_the_current_one_does_not()
    {
        var answer = await _provider.PostJsonAsync("/openai/deployments/fast/chat/completions", NoModel, status: 404);
        await _provider.GetJsonAsync("/openai/files", status: 404);

        ((string)answer["error"]!["code"]!).Should().Be("404");
        await _provider.GetJsonAsync("/openai/files?api-version=2024-10-21");
        await _provider.GetJsonAsync("/openai/v1/files");
        await _provider.PostJsonAsync("/openai/v1/chat/completions?api-version=v1", Provider.Chat());
    }

    [Fact]
    public async Task Other_routes_of_the_current_api_are_there_too()
    {
        await _provider.GetJsonAsync("/openai/v1/models");
        await _provider.PostJsonAsync("/openai/v1/embeddings", """{"model":"fast","input":"x","dimensions":2}""");
        var response = await _provider.PostJsonAsync("/openai/v1/responses", Provider.Response());
        await _provider.GetJsonAsync($"/openai/v1/responses/{(string)response["id"]!}");

        ((string)response["model"]!).Should().Be("gpt-5.6-luna-2026-06-01");
        await _provider.PostJsonAsync("/openai/deployments/fast/moderations?api-version=1", "{}", status: 404);
    }

    [Fact]
    public async Task Deployment_in_the_path_is_the_model_of_images_and_audio_too()
    {
        const string path = "/openai/deployments/fast/";
        const string version = "?api-version=2025-04-01-preview";
        using var form = Provider.Form("file", "a.mp3", [1]);

        var image = await _provider.PostJsonAsync($"{path}images/generations{version}", """{"prompt":"x","quality":"low"}""");
        var text = await _provider.PostFormAsync($"{path}audio/transcriptions{version}", form);
        using var sound = await _provider.PostAsync($"{path}audio/speech{version}", """{"input":"x","voice":"v"}""");

        ((long)image["usage"]!["output_tokens"]!).Should().Be(272);
        ((string)text["usage"]!["type"]!).Should().Be("tokens");
        ((int)sound.StatusCode).Should().Be(200);
        _provider.Server.Journal.ModelCalls.Should().Be(3);
    }

    [Fact]
    public async Task Batch_of_azure_runs_its_lines_on_the_deployment()
    {
        var line = $$"""{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{{Provider.Chat()}}}""";
        using var form = Provider.Form("file", "a.jsonl", Encoding.UTF8.GetBytes(line), ("purpose", "batch"));
        var file = (string)(await _provider.PostFormAsync("/openai/v1/files", form))["id"]!;

        var batch = await _provider.PostJsonAsync(
            "/openai/v1/batches",
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"sandbox":"batch_fetches=0"}}""");

        var output = await _provider.Http.GetStringAsync($"/openai/v1/files/{(string)batch["output_file_id"]!}/content", Provider.Token);
        output.Should().Contain("\"model\":\"gpt-5.6-luna-2026-06-01\"").And.Contain("prompt_filter_results");
    }

    [Fact]
    public async Task Key_may_come_in_either_header()
    {
        await using var strict = await Provider.StartAsync(new SandboxOptions { ApiKey = "sk-test" });
        await strict.PostJsonAsync(Current, Provider.Chat());

        strict.Http.DefaultRequestHeaders.Authorization = null;
        var none = await strict.PostJsonAsync(Current, Provider.Chat(), status: 401);
        strict.Http.DefaultRequestHeaders.Add("api-key", "sk-test");
        await strict.PostJsonAsync(Current, Provider.Chat());
        await strict.PostJsonAsync("chat/completions", Provider.Chat(), status: 401);
        strict.Http.DefaultRequestHeaders.Remove("api-key");
        strict.Http.DefaultRequestHeaders.Add("api-key", "sk-other");
        await strict.PostJsonAsync(Current, Provider.Chat(), status: 401);

        ((string)none["error"]!["code"]!).Should().Be("401");
    }

    [Fact]
    public async Task Answers_have_azures_headers_and_not_openais()
    {
        using var answer = await _provider.PostAsync(Current, Provider.Chat());

        foreach (var name in new[] { "apim-request-id", "x-ms-region", "x-request-id", "x-ratelimit-remaining-tokens" })
            answer.Headers.Contains(name).Should().BeTrue(name);
        answer.Headers.Contains("openai-version").Should().BeFalse();
    }

    [Fact]
    public async Task Verdicts_of_the_content_filter_stand_beside_the_prompt_and_each_choice()
    {
        var answer = await _provider.PostJsonAsync(Current, Provider.Chat(more: ",\"n\":2"));

        ((bool)answer["prompt_filter_results"]![0]!["content_filter_results"]!["hate"]!["filtered"]!).Should().BeFalse();
        answer["choices"]!.AsArray().Should().OnlyContain(choice => (string)choice!["content_filter_results"]!["violence"]!["severity"]! == "safe");
    }

    [Fact]
    public async Task Stream_begins_with_a_chunk_without_choices_that_is_no_usage()
    {
        var chunks = Provider.Events(await _provider.StreamAsync(Current, Provider.Chat(more: WithUsage)));

        chunks.Should().HaveCount(1 + 1 + 16 + 1 + 1);
        chunks[0]["choices"]!.AsArray().Should().BeEmpty();
        ((string)chunks[0]["model"]!).Should().BeEmpty();
        chunks[0].AsObject().ContainsKey("usage").Should().BeFalse();
        chunks[0]["prompt_filter_results"]!.AsArray().Should().ContainSingle();
        chunks[1]["choices"]![0]!["content_filter_results"].Should().NotBeNull();
        ((long)chunks[^1]["usage"]!["total_tokens"]!).Should().Be(25);
    }

    [Fact]
    public async Task Asynchronous_filter_speaks_in_a_chunk_of_its_own()
    {
        var chunks = Provider.Events(await _provider.StreamAsync(Current, Provider.Chat("[[sandbox async_filter=true]]", WithUsage)));

        chunks.Should().HaveCount(1 + 1 + 16 + 1 + 1 + 1);
        var verdict = chunks[^3]["choices"]![0]!.AsObject();
        verdict.ContainsKey("delta").Should().BeFalse();
        verdict["content_filter_offsets"]!["end_offset"]!.GetValue<int>().Should().BePositive();
        chunks[1]["choices"]![0]!["content_filter_results"].Should().BeNull();
    }

    [Fact]
    public async Task Filtered_prompt_is_a_400_that_says_what_was_found()
    {
        var answer = await _provider.PostJsonAsync(Current, Provider.Chat("[[sandbox content_filter=prompt]]"), status: 400);

        var error = answer["error"]!;
        ((string)error["code"]!).Should().Be("content_filter");
        ((int)error["status"]!).Should().Be(400);
        ((string)error["innererror"]!["code"]!).Should().Be("ResponsibleAIPolicyViolation");
        ((bool)error["innererror"]!["content_filter_result"]!["violence"]!["filtered"]!).Should().BeTrue();
    }

    [Fact]
    public async Task Filtered_output_ends_there_and_is_charged()
    {
        const string knob = "[[sandbox content_filter=output tokens=4]]";
        var plain = await _provider.PostJsonAsync(Current, Provider.Chat(knob));
        var chunks = Provider.Events(await _provider.StreamAsync(Current, Provider.Chat(knob, WithUsage)));
        var response = await _provider.PostJsonAsync("/openai/v1/responses", Provider.Response(knob));

        ((string)plain["choices"]![0]!["finish_reason"]!).Should().Be("content_filter");
        ((bool)plain["choices"]![0]!["content_filter_results"]!["violence"]!["filtered"]!).Should().BeTrue();
        ((long)plain["usage"]!["completion_tokens"]!).Should().Be(4);
        ((string)chunks[^2]["choices"]![0]!["finish_reason"]!).Should().Be("content_filter");
        ((string)response["status"]!).Should().Be("incomplete");
        ((string)response["incomplete_details"]!["reason"]!).Should().Be("content_filter");
    }

    [Theory]
    [InlineData("status=429", 429, "429")]
    [InlineData("status=500", 500, "500")]
    [InlineData("status=403 error_code=Forbidden", 403, "Forbidden")]
    public async Task Errors_carry_a_text_code_and_no_type(string knobs, int status, string code)
    {
        var answer = await _provider.PostJsonAsync(Current, Provider.Chat($"[[sandbox {knobs}]]"), status);

        answer["error"]!.AsObject().Select(member => member.Key).Should().Equal("code", "message");
        ((string)answer["error"]!["code"]!).Should().Be(code);
    }

    [Fact]
    public async Task Api_managers_own_shape_can_be_asked_for()
    {
        var answer = await _provider.PostJsonAsync(Current, Provider.Chat("[[sandbox status=429 error_type=apim retry_after=7]]"), status: 429);

        answer.Should().BeOfType<JsonObject>().Which.Select(member => member.Key).Should().Equal("statusCode", "message");
        ((int)answer["statusCode"]!).Should().Be(429);
    }

    [Fact]
    public async Task Bad_body_is_refused_in_openais_shape()
    {
        var answer = await _provider.PostJsonAsync(Current, """{"model":"fast"}""", status: 400);

        ((string)answer["error"]!["type"]!).Should().Be("invalid_request_error");
    }

    [Fact]
    public async Task Journal_counts_it_as_chat_and_as_azure()
    {
        await _provider.PostJsonAsync(Deployment, NoModel);

        var journal = _provider.Server.Journal;
        journal.CountOf(SandboxRoute.ChatCompletions).Should().Be(1);
        journal.CountOf(SandboxProvider.Azure).Should().Be(1);
        journal.CountOf(SandboxProvider.OpenAI).Should().Be(0);
        journal.ModelCalls.Should().Be(1);
        journal.Requests.Should().ContainSingle().Which.Provider.Should().Be(SandboxProvider.Azure);
    }
}
