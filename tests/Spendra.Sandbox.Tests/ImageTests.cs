namespace Spendra.Sandbox.Tests;

public sealed class ImageTests : IAsyncLifetime
{
    private const string Path = "images/generations";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData("1024x1024", "low", 272)]
    [InlineData("1024x1024", "high", 4_160)]
    [InlineData("1024x1536", "medium", 1_584)]
    [InlineData("1536x1024", "low", 400)]
    [InlineData("auto", "auto", 1_056)]
    public async Task Gpt_image_is_charged_by_tokens_for_each_image(string size, string quality, int each)
    {
        var answer = await _provider.PostJsonAsync(Path, Body(more: $",\"n\":2,\"size\":\"{size}\",\"quality\":\"{quality}\""));

        answer["data"]!.AsArray().Should().HaveCount(2);
        ((string)answer["data"]![0]!["b64_json"]!).Should().NotBeEmpty();
        var usage = answer["usage"]!;
        ((long)usage["input_tokens"]!).Should().Be(3);
        ((long)usage["input_tokens_details"]!["text_tokens"]!).Should().Be(3);
        ((long)usage["input_tokens_details"]!["image_tokens"]!).Should().Be(0);
        ((long)usage["output_tokens"]!).Should().Be(2 * each).And.Be(2 * SandboxMediaUsage.ImageTokens(size, quality));
        ((long)usage["total_tokens"]!).Should().Be(3 + 2 * each);
    }

    [Fact]
    public async Task Dall_e_reports_no_usage_and_gives_urls()
    {
        var answer = await _provider.PostJsonAsync(Path, Body("dall-e-3", ",\"n\":1,\"size\":\"1792x1024\",\"quality\":\"hd\""));

        answer.AsObject().Select(member => member.Key).Should().Equal("created", "data");
        ((string)answer["data"]![0]!["url"]!).Should().StartWith("https://");
        var bytes = await _provider.PostJsonAsync(Path, Body("dall-e-2", ",\"response_format\":\"b64_json\""));
        ((string)bytes["data"]![0]!["b64_json"]!).Should().NotBeEmpty();
    }

    [Fact]
    public async Task Stream_ends_with_the_whole_image_and_its_usage()
    {
        var stream = await _provider.StreamAsync(Path, Body(more: ",\"stream\":true,\"partial_images\":2,\"quality\":\"low\""));

        var events = Provider.Events(stream);
        events.Select(item => (string)item["type"]!).Should()
            .Equal("image_generation.partial_image", "image_generation.partial_image", "image_generation.completed");
        ((int)events[1]["partial_image_index"]!).Should().Be(1);
        ((long)events[2]["usage"]!["output_tokens"]!).Should().Be(272 + 2 * SandboxMediaUsage.PartialImageTokens);
        stream.Should().StartWith("event: image_generation.partial_image\n").And.NotContain("[DONE]");
    }

    [Fact]
    public async Task Edit_counts_the_images_that_were_sent()
    {
        using var form = Provider.Form("image[]", "a.png", [1], ("prompt", "12345"), ("model", "gpt-image-1"), ("quality", "low"));
        form.Add(new ByteArrayContent([2]), "image[]", "b.png");
        form.Add(new ByteArrayContent([3]), "mask", "m.png");

        var usage = (await _provider.PostFormAsync("images/edits", form))["usage"]!;

        ((long)usage["input_tokens_details"]!["text_tokens"]!).Should().Be(2);
        ((long)usage["input_tokens_details"]!["image_tokens"]!).Should().Be(2 * SandboxMediaUsage.InputImageTokens);
        ((long)usage["input_tokens"]!).Should().Be(2 + 2 * 194);
        ((long)usage["output_tokens"]!).Should().Be(272);
    }

    [Fact]
    public async Task Edit_may_be_a_stream_with_high_fidelity()
    {
        using var form = Provider.Form(
            "image", "a.png", [1], ("prompt", "x"), ("model", "gpt-image-1"), ("stream", "true"), ("input_fidelity", "high"));
        using var answer = await _provider.Http.PostAsync("images/edits", form, Provider.Token);

        var last = Provider.Events(await answer.Content.ReadAsStringAsync(Provider.Token))[^1];

        ((string)last["type"]!).Should().Be("image_edit.completed");
        ((long)last["usage"]!["input_tokens"]!).Should().Be(1 + 194 + 4_160);
    }

    [Theory]
    [InlineData("{\"model\":\"gpt-image-1\"}", "prompt")]
    [InlineData("{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"n\":11}", "n")]
    [InlineData("{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"n\":1.5}", "n")]
    [InlineData("{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"size\":\"8x8\"}", "size")]
    [InlineData("{\"model\":\"gpt-image-1\",\"prompt\":5}", "prompt")]
    [InlineData("{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"stream\":\"yes\"}", "stream")]
    [InlineData("{\"model\":\"dall-e-3\",\"prompt\":\"x\",\"stream\":true}", "stream")]
    [InlineData("{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"stream\":true,\"n\":2}", "n")]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    public async Task Body_that_makes_no_sense_is_refused(string body, string? param)
    {
        var answer = await _provider.PostJsonAsync(Path, body, status: 400);

        ((string?)answer["error"]!["param"]).Should().Be(param);
    }

    [Fact]
    public async Task Edit_without_an_image_or_without_a_form_is_refused()
    {
        using var form = Provider.Form("mask", "m.png", [1], ("prompt", "x"), ("model", "gpt-image-1"));

        ((string)(await _provider.PostFormAsync("images/edits", form, status: 400))["error"]!["param"]!).Should().Be("image");
        await _provider.PostJsonAsync("images/edits", Body(), status: 400);
    }

    [Fact]
    public async Task Knobs_in_the_prompt_change_usage_and_faults()
    {
        var odd = await _provider.PostJsonAsync(Path, Body(prompt: "[[sandbox input_tokens=-7 output_tokens=99 image_tokens=3 total_tokens=1]]"));
        var text = await _provider.PostJsonAsync(Path, Body(prompt: "[[sandbox usage=string]]"));
        var none = await _provider.PostJsonAsync(Path, Body(prompt: "[[sandbox no_usage=true]]"));
        await _provider.PostJsonAsync(Path, Body(prompt: "[[sandbox status=503]]"), status: 503);
        await _provider.PostJsonAsync(Path, Body(prompt: "[[sandbox nonsense=1]]"), status: 400);
        (await _provider.BrokenAsync(Path, Body(prompt: "[[sandbox break_after_bytes=10]]"))).Should().HaveCount(10);

        ((long)odd["usage"]!["input_tokens"]!).Should().Be(-7);
        ((long)odd["usage"]!["input_tokens_details"]!["text_tokens"]!).Should().Be(-10);
        ((long)odd["usage"]!["total_tokens"]!).Should().Be(1);
        ((string)text["usage"]!["output_tokens"]!).Should().Be("1056");
        none.AsObject().ContainsKey("usage").Should().BeFalse();
    }

    [Fact]
    public async Task Stream_may_fail_or_end_without_its_last_event()
    {
        const string streamed = ",\"stream\":true,\"partial_images\":1";

        var failed = Provider.Events(await _provider.StreamAsync(Path, Body(prompt: "[[sandbox error_midstream=true]]", more: streamed)));
        var open = Provider.Events(await _provider.StreamAsync(Path, Body(prompt: "[[sandbox no_done=true]]", more: streamed)));
        var padded = await _provider.StreamAsync(Path, Body(prompt: "[[sandbox line_bytes=5000]]", more: streamed));

        ((string)failed[^1]["type"]!).Should().Be("error");
        ((string)open[^1]["type"]!).Should().Be("image_generation.partial_image");
        padded.Split('\n').Should().ContainSingle(line => line.Length == 5_000);
    }

    [Fact]
    public async Task Journal_counts_images_as_model_calls()
    {
        await _provider.PostJsonAsync(Path, Body());

        _provider.Server.Journal.CountOf(SandboxRoute.GenerateImage).Should().Be(1);
        _provider.Server.Journal.ModelCalls.Should().Be(1);
    }

    private static string Body(string model = "gpt-image-1", string more = "", string prompt = "A red cube") =>
        $$"""{"model":"{{model}}","prompt":"{{prompt}}"{{more}}}""";
}
