using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Spendra.Sandbox.Tests;

public sealed class FaultTests : IAsyncLifetime
{
    private const string ChatPath = "chat/completions";
    private const string WithUsage = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Break_after_lets_exactly_so_many_chunks_arrive(int chunks)
    {
        var arrived = await _provider.BrokenAsync(ChatPath, Provider.Chat($"[[sandbox break_after={chunks}]]", WithUsage));

        var text = Encoding.UTF8.GetString(arrived);
        Provider.Events(text).Should().HaveCount(chunks);
        if (chunks > 0)
            text.Should().EndWith("\n\n");
    }

    [Theory]
    [InlineData(ChatPath, ",\"stream\":true", 0)]
    [InlineData(ChatPath, ",\"stream\":true", 500)]
    [InlineData(ChatPath, "", 20)]
    [InlineData(ChatPath, "", 0)]
    public async Task Break_after_bytes_lets_exactly_so_many_bytes_arrive(string path, string more, int bytes)
    {
        var arrived = await _provider.BrokenAsync(path, Provider.Chat($"[[sandbox break_after_bytes={bytes}]]", more));

        arrived.Should().HaveCount(bytes);
    }

    [Theory]
    [InlineData(400, null)]
    [InlineData(401, null)]
    [InlineData(402, null)]
    [InlineData(403, null)]
    [InlineData(404, null)]
    [InlineData(429, "1")]
    [InlineData(500, null)]
    [InlineData(503, "1")]
    public async Task Status_answers_with_an_error_and_says_when_to_retry(int status, string? retryAfter)
    {
        using var answer = await _provider.PostAsync(ChatPath, Provider.Chat($"[[sandbox status={status}]]", ",\"stream\":true"));

        ((int)answer.StatusCode).Should().Be(status);
        answer.Headers.RetryAfter?.ToString().Should().Be(retryAfter);
        answer.Headers.Contains("x-request-id").Should().BeTrue();
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Provider.Token));
        body.RootElement.GetProperty("error").GetProperty("message").GetString().Should().NotBeEmpty();
    }

    [Fact]
    public async Task Error_in_the_middle_of_a_chat_stream_is_a_chunk_and_the_end()
    {
        var stream = await _provider.StreamAsync(ChatPath, Provider.Chat("[[sandbox error_midstream=true]]", WithUsage));

        var chunks = Provider.Events(stream);
        chunks.Should().HaveCount(1 + 8 + 1);
        ((string)chunks[^1]["error"]!["type"]!).Should().Be("server_error");
        stream.Should().NotContain("[DONE]").And.NotContain("prompt_tokens");
    }

    [Fact]
    public async Task Garbage_is_a_200_that_is_not_json()
    {
        using var plain = await _provider.PostAsync(ChatPath, Provider.Chat("[[sandbox garbage=true]]"));
        var stream = await _provider.StreamAsync(ChatPath, Provider.Chat("[[sandbox garbage=true]]", ",\"stream\":true"));

        ((int)plain.StatusCode).Should().Be(200);
        var body = await plain.Content.ReadAsStringAsync(Provider.Token);
        FluentActions.Invoking(() => JsonDocument.Parse(body)).Should().Throw<JsonException>();
        FluentActions.Invoking(() => Provider.Events(stream)).Should().Throw<JsonException>();
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"stream\":true")]
    public async Task Gzip_is_used_although_nobody_asked(string more)
    {
        using var answer = await _provider.PostAsync(ChatPath, Provider.Chat("[[sandbox gzip=true]]", more));

        answer.Content.Headers.ContentEncoding.Should().Equal("gzip");
        await using var packed = await answer.Content.ReadAsStreamAsync(Provider.Token);
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        (await reader.ReadToEndAsync(Provider.Token)).Should().Contain("chatcmpl-");
    }

    [Fact]
    public async Task Broken_gzip_ends_at_a_flush_and_has_no_end_mark()
    {
        var arrived = await _provider.BrokenAsync(ChatPath, Provider.Chat("[[sandbox gzip=true break_after=3]]", ",\"stream\":true"));

        arrived[^4..].Should().Equal(0x00, 0x00, 0xFF, 0xFF);
    }

    [Fact]
    public async Task Redirect_points_somewhere_else()
    {
        using var answer = await _provider.PostAsync(ChatPath, Provider.Chat("[[sandbox redirect=http://169.254.169.254/latest]]"));

        ((int)answer.StatusCode).Should().Be(307);
        answer.Headers.Location.Should().Be(new Uri("http://169.254.169.254/latest"));
    }
}
