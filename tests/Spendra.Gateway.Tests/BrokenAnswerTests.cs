namespace Spendra.Gateway.Tests;

/// <summary>Answers that stop too early or are too long in one piece.</summary>
public sealed class BrokenAnswerTests
{
    [Theory]
    [InlineData("break_after=0", false, false)]
    [InlineData("break_after=5", false, false)]
    [InlineData("break_after=18", false, false)]
    [InlineData("break_after=19", true, false)]
    [InlineData("no_done=true", true, true)]
    [InlineData("error_midstream=true", false, true)]
    public async Task A_chat_stream_that_breaks_off_is_paid_by_its_usage_or_at_the_bound(string knobs, bool isKnown, bool endsWell)
    {
        await using var company = await Company.StartAsync();
        var body = Bodies.Chat(knobs + " input_tokens=10", "\"max_tokens\":16,\"stream\":true");

        var ended = await TryReadAsync(company, "chat/completions", body);

        ended.Should().Be(endsWell, "a stream that broke off must not look like one that ended");
        var books = await company.SettledAsync();
        if (isKnown) books.Settled.Should().Be(42_000);
        else TroubleTests.ShouldBeEstimated(books, body);
    }

    [Theory]
    [InlineData("break_after=3")]
    [InlineData("no_done=true")]
    [InlineData("error_midstream=true")]
    public async Task A_response_stream_without_its_terminal_usage_is_booked_at_the_bound(string knobs)
    {
        await using var company = await Company.StartAsync();
        var body = Bodies.Response(knobs, "\"max_output_tokens\":16,\"stream\":true");

        await TryReadAsync(company, "responses", body);

        TroubleTests.ShouldBeEstimated(await company.SettledAsync(), body);
    }

    [Theory]
    [InlineData("break_after_bytes=40", 502)]
    [InlineData("break_after=0", 502)]
    public async Task A_body_that_breaks_off_is_booked_at_the_bound(string knobs, int status)
    {
        await using var company = await Company.StartAsync();
        var body = Bodies.Chat(knobs);

        (await company.PostAsync("chat/completions", body)).ShouldBe(status, "upstream_failed");

        TroubleTests.ShouldBeEstimated(await company.SettledAsync(), body);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(20_000_000)]
    public async Task A_stream_with_a_huge_line_passes_whole_and_is_paid_by_its_usage(int lineBytes)
    {
        await using var company = await Company.StartAsync();

        var answer = await company.ChatAsync($"line_bytes={lineBytes} input_tokens=10", "\"max_tokens\":16,\"stream\":true");

        answer.Bytes.Length.Should().BeGreaterThan(lineBytes);
        answer.Text.Should().EndWith("data: [DONE]\n\n");
        (await company.SettledAsync()).Settled.Should().Be(42_000);
    }

    private static async Task<bool> TryReadAsync(Company company, string path, string body)
    {
        try
        {
            return !(await company.PostAsync(path, body)).ShouldBe(200).Text.Contains("\"upstream_failed\"", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
