namespace Spendra.Sandbox.Tests;

public sealed class ModerationTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData("\"one\"", 1)]
    [InlineData("[\"one\",\"two\"]", 2)]
    [InlineData("""[{"type":"text","text":"one"},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]""", 1)]
    public async Task Each_text_has_a_verdict_and_there_is_no_usage(string input, int verdicts)
    {
        var answer = await _provider.PostJsonAsync("moderations", $$"""{"input":{{input}}}""");

        ((string)answer["id"]!).Should().StartWith("modr-");
        ((string)answer["model"]!).Should().Be("omni-moderation-latest");
        answer["results"]!.AsArray().Should().HaveCount(verdicts).And.OnlyContain(result => !(bool)result!["flagged"]!);
        answer.AsObject().ContainsKey("usage").Should().BeFalse();
        _provider.Server.Journal.ModelCalls.Should().Be(0, "moderations are free");
    }

    [Fact]
    public async Task Knob_flags_the_text()
    {
        var answer = await _provider.PostJsonAsync("moderations", """{"model":"m","input":"[[sandbox flagged=true]]"}""");

        ((string)answer["model"]!).Should().Be("m");
        ((bool)answer["results"]![0]!["flagged"]!).Should().BeTrue();
        ((bool)answer["results"]![0]!["categories"]!["violence"]!).Should().BeTrue();
        await _provider.PostJsonAsync("moderations", """{"input":[{"type":"text","text":"[[sandbox status=429]]"}]}""", status: 429);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"input":[]}""")]
    [InlineData("""{"input":5}""")]
    public async Task Nothing_to_judge_is_refused(string body) =>
        await _provider.PostJsonAsync("moderations", body, status: 400);
}
