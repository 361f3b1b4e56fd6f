using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using CsCheck;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>Bodies that nobody should send: refused with a reason, never a failure of the gateway, never sent on.</summary>
public sealed class BodyTests
{
    private static string Nested(int depth) => "{\"model\":\"m1\",\"max_tokens\":16,\"messages\":[],\"x\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";

    public static TheoryData<string, string> BadBodies() => new()
    {
        { "", "empty" },
        { "{", "truncated" },
        { Bodies.Chat()[..^1], "without its end" },
        { Bodies.Chat() + "{}", "trailing data" },
        { Bodies.Chat() + ",", "trailing comma" },
        { "[]", "not an object" },
        { "null", "null" },
        { "\"text\"", "a text" },
        { "\ufeff" + Bodies.Chat(), "byte order mark" },
        { Nested(65), "too deep" },
        { "{}", "no model" },
        { "{\"model\":null}", "null model" },
        { "{\"model\":\"\"}", "empty model" },
        { "{\"model\":7}", "numeric model" },
        { "{\"model\":{\"a\":\"m1\"}}", "object model" },
        { Bodies.Chat(model: new string('m', 201)), "long model" },
        { Bodies.Chat(model: "m1\\u0000"), "control character" },
        { Bodies.Chat(model: "\\ud800"), "half a surrogate pair" },
        { Bodies.Chat(more: "\"model\":\"m1\""), "model twice" },
        { Bodies.Chat(more: "\"mo\\u0064el\":\"m1\""), "model twice, escaped" },
        { Bodies.Chat(more: "\"max_tokens\":1,\"max_tokens\":1000000"), "limit twice" },
        { Bodies.Chat(more: "\"max_tokens\":1,\"max\\u005ftokens\":1000000"), "limit twice, escaped" },
        { Bodies.Chat(more: "\"stream\":false,\"stream\":true"), "stream twice" },
        { Bodies.Chat(more: "\"messages\":[]"), "messages twice" },
        { Bodies.Chat(more: "\"n\":1,\"n\":128"), "n twice" },
        { Bodies.Chat(more: "\"tools\":[],\"tools\":[]"), "tools twice" },
        { Bodies.Chat(more: "\"stream_options\":{\"include_usage\":true,\"include_usage\":false}"), "include_usage twice" },
        { Bodies.Chat(more: "\"tools\":[{\"type\":\"function\",\"type\":\"web_search\"}]"), "tool type twice" },
        { Bodies.Chat(more: "\"max_tokens\":0"), "zero limit" },
        { Bodies.Chat(more: "\"max_tokens\":-1"), "negative limit" },
        { Bodies.Chat(more: "\"max_tokens\":1.5"), "fractional limit" },
        { Bodies.Chat(more: "\"max_tokens\":1e3"), "exponent" },
        { Bodies.Chat(more: "\"max_tokens\":\"16\""), "limit as text" },
        { Bodies.Chat(more: "\"max_tokens\":10000001"), "absurd limit" },
        { Bodies.Chat(more: "\"max_tokens\":99999999999999999999999999"), "limit beyond 64 bits" },
        { Bodies.Chat(more: "\"n\":0"), "no choice" },
        { Bodies.Chat(more: "\"n\":-0"), "minus zero" },
        { Bodies.Chat(more: "\"n\":129"), "too many choices" },
        { Bodies.Chat(more: "\"n\":1.0"), "fractional choices" },
        { Bodies.Chat(more: "\"stream\":\"true\""), "stream as text" },
        { Bodies.Chat(more: "\"stream_options\":[]"), "options as list" },
        { Bodies.Chat(more: "\"service_tier\":{}"), "tier as object" },
        { Bodies.Chat(more: "\"service_tier\":\"\\u0007\""), "tier with a control character" },
        { Bodies.Chat(more: "\"tools\":{}"), "tools as object" },
        { Bodies.Chat(more: "\"tools\":[[]]"), "tools of lists" },
        { Bodies.Chat(more: "\"tools\":[{}]"), "tool without a type" },
        { Bodies.Chat().Replace("\"Hello there\"", "[{\"file_id\":\"\"}]"), "empty id" },
        { Bodies.Chat().Replace("\"Hello there\"", $"[{{\"file_id\":\"{new string('f', 201)}\"}}]"), "long id" },
    };

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task A_bad_body_is_refused_with_a_reason(string body, string what)
    {
        await using var company = await Company.StartAsync();

        var answer = (await company.PostAsync("chat/completions", body)).ShouldBe(400, "invalid_request");

        ((string?)answer.Json["error"]!["type"]).Should().Be("invalid_request_error", what);
        answer.Header("x-should-retry").Should().Be("false");
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Windows.Should().BeEmpty();
    }

    [Fact]
    public async Task A_body_of_the_greatest_depth_passes() =>
        await PassesAsync(Nested(63));

    [Theory]
    [InlineData("\"max_tokens\":16,\"stream\":null,\"stream_options\":null,\"n\":null,\"tools\":null,\"service_tier\":null,\"prediction\":null,\"modalities\":null,\"web_search_options\":null")]
    [InlineData("\"max_tokens\":10000000,\"n\":128")]
    [InlineData("\"max_tokens\":16,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"web_search\",\"file_id\":\"x\"}}}]")]
    public async Task What_is_unusual_but_right_is_not_a_bad_body(string more)
    {
        await using var company = await Company.StartAsync(new Rules { Cap = "1000000" });
        (await company.ChatAsync("tokens=1", more)).ShouldBe(200);
        await company.SettledAsync();
    }

    private static async Task PassesAsync(string body)
    {
        await using var company = await Company.StartAsync();
        (await company.PostAsync("chat/completions", body)).ShouldBe(200);
        await company.SettledAsync();
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        var bytes = Encoding.UTF8.GetBytes(Bodies.Chat());
        bytes[^8] = 0xff;

        (await Answer.SendAsync(client, Post(new ByteArrayContent(bytes)))).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_refused(bool isChunked)
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { MaxBodyBytes = 100_000, MaxUploadBytes = 100_000 });
        await using var company = await Company.StartAsync(gateway: gateway);
        using var client = company.Client();
        foreach (var path in new[] { "chat/completions", "files" })
        {
            using var request = Post(new ByteArrayContent(new byte[200_000]), path);
            request.Headers.TransferEncodingChunked = isChunked;

            (await Answer.SendAsync(client, request)).ShouldBe(413, "request_too_large");
        }
        using var fits = Post(new StringContent(Bodies.Chat().Replace("there", new string('x', 90_000)), Encoding.UTF8, "application/json"));
        fits.Headers.TransferEncodingChunked = isChunked;
        (await Answer.SendAsync(client, fits)).ShouldBe(200);
        company.Journal.CountOf(Sandbox.SandboxRoute.ChatCompletions).Should().Be(1);
        (await company.SettledAsync()).Events.Should().ContainSingle();
    }

    [Fact]
    public async Task A_compressed_body_is_refused_unread()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Bodies.Chat()), TestContext.Current.CancellationToken);
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");

        (await Answer.SendAsync(client, Post(content))).ShouldBe(415, "unsupported_encoding");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_mutated_body_is_never_a_failure_and_never_sent_without_a_reservation(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        using var client = company.Client();
        string[] seeds =
        [
            Bodies.Chat(more: "\"max_tokens\":16,\"n\":2,\"stream\":true,\"stream_options\":{\"include_usage\":false},\"service_tier\":\"auto\""),
            Bodies.Chat(more: "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"prediction\":{\"type\":\"content\",\"content\":\"abc\"}"),
        ];
        byte[] interesting = [.. "\"\\{}[]:,0-9eu\0\u0001 \n"u8, 0x80, 0xc3, 0xed, 0xff];
        var mutation = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 400], Gen.OneOf(Gen.Byte, Gen.Int[0, interesting.Length - 1].Select(i => interesting[i])));
        var statuses = new ConcurrentBag<int>();

        await Gen.Select(Gen.Int[0, seeds.Length - 1], mutation.Array[1, 6]).SampleAsync(async (seed, mutations) =>
        {
            var answer = await Answer.SendAsync(client, Post(new ByteArrayContent(Mutate(Encoding.UTF8.GetBytes(seeds[seed]), mutations))));
            answer.Status.Should().BeLessThan(500, answer.Text);
            statuses.Add(answer.Status);
        }, iter: 500, threads: 4);

        statuses.Should().Contain([200, 400]);
        var books = await company.SettledAsync();
        (books.Events.Count + books.Released.Count).Should().Be((int)company.Journal.Count);
        books.Events.Should().OnlyContain(e => e.CostNanos <= e.ReservedNanos && e.CostNanos > 0);
    }

    private static byte[] Mutate(byte[] body, (int Kind, int At, byte Value)[] mutations)
    {
        var bytes = body.ToList();
        foreach (var (kind, at, value) in mutations)
        {
            var index = at % Math.Max(bytes.Count, 1);
            if (kind == 0 && bytes.Count > 0) bytes[index] = value;
            else if (kind == 1) bytes.Insert(index, value);
            else if (bytes.Count > 0) bytes.RemoveAt(index);
        }
        return [.. bytes];
    }

    private static HttpRequestMessage Post(HttpContent content, string path = "chat/completions")
    {
        content.Headers.ContentType ??= new MediaTypeHeaderValue("application/json");
        return new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
    }
}
