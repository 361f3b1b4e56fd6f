using System.Text;
using Spendra.Core.Metering;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Sandbox;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>
/// Embeddings on Vertex AI. A token of <c>g-emb</c> costs 20 nano-USD, a character of <c>g-text</c> 25; figures are worked
/// out by hand.
/// </summary>
public sealed class VertexEmbeddingTests
{
    private const string Home = "/v1/providers/vertexai/publishers/google/models/";

    private static Rules Rules => GeminiBodies.Rules with
    {
        Prices =
        [
            .. GeminiBodies.Rules.Prices,
            "{provider: vertexai, model: google/g-text, inputUsdPerMillion: \"0\", outputUsdPerMillion: \"0\", unitUsdPerMillion: {characters: \"0.025\"}}",
            "{provider: vertexai, model: google/g-image, inputUsdPerMillion: \"0\", outputUsdPerMillion: \"0\", unitUsdPerMillion: {images: \"40000\"}}",
        ],
    };

    public static TheoryData<string, string, string, long> Calls() => new()
    {
        // ⌈10/4⌉ = 3 tokens
        { "g-emb:embedContent", GeminiBodies.Embedding(), "3", 60 },
        { "g-emb:predict", GeminiBodies.Prediction("first text"), "3", 60 },
        // 3 + ⌈6/4⌉
        { "g-emb:predict", GeminiBodies.Prediction("first text", "second"), "5", 100 },
        { "g-emb:predict", GeminiBodies.Prediction("first", "x [[sandbox input_tokens=7]]"), "7", 140 },
        // White space is free: 9 + 6 characters
        { "g-text:predict", GeminiBodies.Prediction("first text", "second"), "5", 375 },
        { "g-text:predict", GeminiBodies.Prediction("\\u00fcber"), "2", 100 },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_text_costs_its_tokens_or_its_characters(string named, string body, string tokens, long nanos)
    {
        await using var company = await Company.StartAsync(Rules);

        (await company.PostAsync(Home + named, body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        (spent.InputUnits.ToString(), spent.CostNanos, spent.IsEstimated).Should().Be((tokens, nanos, false));
        spent.ReservedNanos.Should().BeGreaterThanOrEqualTo(nanos);
        var seen = company.Journal.Requests.Single();
        Encoding.UTF8.GetString(seen.Body.Span).Should().Be(body);
        seen.PathAndQuery.Should().Be("/v1/projects/p1/locations/l1/publishers/google/models/" + named);
        seen.Route.Should().Be(named.EndsWith(":predict") ? SandboxRoute.PredictEmbeddings : SandboxRoute.EmbedContent);
    }

    [Theory]
    [InlineData("no_usage=true")]
    [InlineData("usage=string")]
    [InlineData("input_tokens=-1")]
    [InlineData("input_tokens=1000000001")]
    public async Task What_cannot_be_believed_is_booked_at_the_bound(string knobs)
    {
        await using var company = await Company.StartAsync(Rules);

        (await company.PostAsync(Home + "g-emb:predict", GeminiBodies.Prediction($"x [[sandbox {knobs}]]"))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        (spent.IsEstimated, spent.CostNanos).Should().Be((true, spent.ReservedNanos));
    }

    [Theory]
    [InlineData(429, true)]
    [InlineData(500, false)]
    public async Task An_error_gives_back_or_books_the_bound(int status, bool isReleased)
    {
        await using var company = await Company.StartAsync(Rules);

        (await company.PostAsync(Home + "g-text:predict", GeminiBodies.Prediction($"x [[sandbox status={status}]]"))).ShouldBe(status);

        var books = await company.SettledAsync();
        books.Released.Should().HaveCount(isReleased ? 1 : 0);
        books.Events.Should().HaveCount(isReleased ? 0 : 1).And.OnlyContain(e => e.IsEstimated && e.CostNanos > 0);
    }

    [Theory]
    [InlineData("g-emb", """{"instances":[{"content":"x","image":{"bytesBase64Encoded":"AA=="}}]}""", "unpriceable_request")]
    [InlineData("g-emb", """{"instances":[{"prompt":"a fox"}]}""", "unpriceable_request")]
    [InlineData("g-emb", """{"instances":[{"content":{"text":"x"}}]}""", "unpriceable_request")]
    [InlineData("g-emb", """{"instances":[{"content":"x"},{"text":"y"}]}""", "unpriceable_request")]
    [InlineData("g-emb", """{"instances":{"content":"x"}}""", "invalid_request")]
    [InlineData("g-emb", """{"instances":["x"]}""", "invalid_request")]
    [InlineData("g-emb", """{"instances":[],"instances":[]}""", "invalid_request")]
    [InlineData("g-emb", "{}", "invalid_request")]
    [InlineData("g-emb", "[]", "invalid_request")]
    // Priced by something that this route does not count: it must not pass at nothing.
    [InlineData("g-image", """{"instances":[{"content":"x"}]}""", "unpriceable_request")]
    [InlineData("g-unknown", """{"instances":[{"content":"x"}]}""", "unpriceable_request")]
    public async Task What_is_not_an_embedding_of_text_is_refused(string model, string body, string code)
    {
        await using var company = await Company.StartAsync(Rules);

        var error = (await company.PostAsync($"{Home}{model}:predict", body)).ShouldBe(400, code).Json["error"]!;

        ((string)error["status"]!).Should().Be("INVALID_ARGUMENT");
        company.Journal.Count.Should().Be(0);
    }

    public static TheoryData<string, bool, string?> Answers() => new()
    {
        { """{"predictions":[{"embeddings":{"values":[0.1],"statistics":{"truncated":false,"token_count":6}}}],"metadata":{"billableCharacterCount":20}}""", false, "6" },
        { """{"metadata":{"billableCharacterCount":20},"predictions":[{"embeddings":{"statistics":{"token_count":6.0}}},{"embeddings":{"statistics":{"token_count":2}}}]}""", true, "8; characters 20" },
        { """{"predictions":[{"embeddings":{"values":[0.1]}}],"metadata":{"billableCharacterCount":20}}""", true, "0; characters 20" },
        { """{"predictions":[{"embeddings":{"values":[0.1]}}],"metadata":{"billableCharacterCount":20}}""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":6}}},{"embeddings":{}}]}""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":6}}}]}""", true, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":6.5}}}]}""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":0}}}],"metadata":{"billableCharacterCount":20}}""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":0}}}],"metadata":{"billableCharacterCount":20}}""", true, "0; characters 20" },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":6}}}],"metadata":{"billableCharacterCount":0}}""", true, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":[6]}}}]}""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":6,"token_count":6}}}]}""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":999999999}}},{"embeddings":{"statistics":{"token_count":999999999}}}]}""", false, null },
        { """{"predictions":[],"metadata":{"billableCharacterCount":20,"billableCharacterCount":1}}""", true, null },
        { """{"predictions":[]}""", false, null },
        { """[{"embeddings":{"statistics":{"token_count":6}}}]""", false, null },
        { """{"predictions":[{"embeddings":{"statistics":{"token_count":6}}}]""", false, null },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Usage_is_read_wherever_an_answer_is_split(string answer, bool countsCharacters, string? expected)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var split = 0; split <= bytes.Length; split++)
        {
            using var meter = new PredictMeter(countsCharacters, 1 << 16);
            meter.Read(bytes.AsSpan(0, split));
            meter.Read(bytes.AsSpan(split));
            meter.Finish();

            Show(meter.Reading.Usage).Should().Be(expected, $"split at {split}");
        }
    }

    [Fact]
    public void An_answer_cut_at_any_byte_tells_nothing()
    {
        var bytes = Encoding.UTF8.GetBytes((string)Answers().First().Data.Item1);
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            using var meter = new PredictMeter(countsCharacters: false, 1 << 16);
            meter.Read(bytes.AsSpan(0, cut));
            meter.Finish();

            meter.Reading.Usage.Should().BeNull($"cut at {cut}");
        }
    }

    private static string? Show(Usage? usage) => usage is not { } told ? null : told.Input + (told.Others.IsEmpty ? "" : $"; {told.Others}");
}
