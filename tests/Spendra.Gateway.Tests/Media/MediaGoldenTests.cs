namespace Spendra.Gateway.Tests.Media;

/// <summary>
/// Pictures, speech and recordings at OpenAI's list prices: what an answer says it used → disjoint classes → nano-USD. Every
/// figure is worked out by hand. Per unit in nano-USD:
/// gpt-image-2: text 5,000 in, 1,250 cached; image 8,000 in, 30,000 out. gpt-4o-mini-tts: 600 in, 12,000 out.
/// writer: text 2,500 in, sound 6,000 in, 10,000 out. tts-1: 15,000 a character. whisper-1: 100,000 a second; gpt-transcribe: 75,000.
/// </summary>
public sealed class MediaGoldenTests
{
    private static readonly byte[] ThreeSeconds = Sounds.Wave(3_000);

    private static readonly Dictionary<string, Case> Cases = new()
    {
        // 20·5,000 + 1,056·30,000
        ["image"] = new(MediaCall.Image(knobs: "input_tokens=20 output_tokens=1056"), "20,0,0; image_output 1056", 31_780_000),
        // 7,024 tokens are a large square picture: 20·5,000 + 2·7,024·30,000
        ["two images"] = new(MediaCall.Image(knobs: "input_tokens=20 output_tokens=14048", more: "\"n\":2,\"quality\":\"high\",\"size\":\"1024x1024\""), "20,0,0; image_output 14048", 421_540_000),
        // 20·5,000 + (272 + 2·100)·30,000
        ["image, streamed"] = new(MediaCall.Image(knobs: "input_tokens=20 output_tokens=472", more: "\"stream\":true,\"partial_images\":2,\"quality\":\"low\",\"size\":\"1024x1024\""), "20,0,0; image_output 472", 14_260_000),
        // 20·5,000 + 200·8,000 + 272·30,000
        ["edit"] = new(MediaCall.Edit(knobs: "input_tokens=220 image_tokens=200 output_tokens=272"), "20,0,0; image_input 200, image_output 272", 9_860_000),
        ["edit, streamed"] = new(MediaCall.Edit(knobs: "input_tokens=220 image_tokens=200 output_tokens=272", more: ("stream", "true")), "20,0,0; image_input 200, image_output 272", 9_860_000),
        // 11·15,000
        ["speech"] = new(MediaCall.Speech(), "0,0,0; characters 11", 165_000),
        // Two characters, of which one has two units of UTF-16: 2·15,000, held at 3·15,000
        ["speech with a fox"] = new(MediaCall.Speech(text: "a🦊"), "0,0,0; characters 2", 30_000) { Held = 45_000 },
        // 10·600 + 100·12,000
        ["speech, streamed"] = new(MediaCall.Speech("gpt-4o-mini-tts", "input_tokens=10 output_tokens=100", more: "\"stream_format\":\"sse\""), "10,0,0; audio_output 100", 1_206_000),
        // Its tokens are told in no answer but a stream: 65 bytes and 64 more at 600, and 16,384·12,000
        ["speech by the token, plain"] = new(MediaCall.Speech("gpt-4o-mini-tts"), null, 196_685_400) { IsEstimated = true },
        // 3·100,000
        ["whisper"] = new(MediaCall.Recording("transcriptions"), "0,0,0; seconds 3", 300_000) { Held = 300_000 },
        // Two seconds and a half are charged as three
        ["whisper, half a second"] = new(MediaCall.Recording("transcriptions", file: Sounds.Wave(2_500)), "0,0,0; seconds 3", 300_000) { Held = 300_000 },
        // Plain text tells no usage
        ["whisper, as text"] = new(MediaCall.Recording("transcriptions", more: ("response_format", "text")), null, 300_000) { IsEstimated = true },
        ["whisper, verbose"] = new(MediaCall.Recording("transcriptions", more: ("response_format", "verbose_json")), "0,0,0; seconds 3", 300_000),
        ["translation"] = new(MediaCall.Recording("translations"), null, 300_000) { IsEstimated = true },
        // 3·75,000
        ["by the second"] = new(MediaCall.Recording("transcriptions", "gpt-transcribe", "usage_type=duration"), "0,0,0; seconds 3", 225_000),
        ["by the second, streamed"] = new(MediaCall.Recording("transcriptions", "gpt-transcribe", "usage_type=duration", more: ("stream", "true")), "0,0,0; seconds 3", 225_000),
        // 5·2,500 + 30·6,000 + 12·10,000
        ["by the token"] = new(MediaCall.Recording("transcriptions", "writer", "input_tokens=35 audio_tokens=30 output_tokens=12"), "5,0,12; audio_input 30", 312_500),
        ["by the token, streamed"] = new(MediaCall.Recording("transcriptions", "writer", "input_tokens=35 audio_tokens=30 output_tokens=12", more: ("stream", "true")), "5,0,12; audio_input 30", 312_500),
        // A price for seconds does not make tokens free
        ["tokens at a price for seconds"] = new(MediaCall.Recording("transcriptions", knobs: "usage_type=tokens"), null, 300_000) { IsEstimated = true },
        ["seconds at a price for tokens"] = new(MediaCall.Recording("transcriptions", "writer", "usage_type=duration"), null, null) { IsEstimated = true },
        ["image without usage"] = new(MediaCall.Image(knobs: "no_usage=true"), null, null) { IsEstimated = true },
        ["image, stream without its end"] = new(MediaCall.Image(knobs: "no_done=true", more: "\"stream\":true"), null, null) { IsEstimated = true },
        ["image, stream that fails"] = new(MediaCall.Image(knobs: "error_midstream=true", more: "\"stream\":true"), null, null) { IsEstimated = true },
        ["image refused"] = new(MediaCall.Image(knobs: "status=429"), null, 0) { Status = 429 },
        ["edit refused"] = new(MediaCall.Edit(knobs: "status=400"), null, 0) { Status = 400 },
        ["image failed"] = new(MediaCall.Image(knobs: "status=500"), null, null) { Status = 500, IsEstimated = true },
        ["speech refused"] = new(MediaCall.Speech(knobs: "status=429"), null, 0) { Status = 429 },
        ["speech failed"] = new(MediaCall.Speech(knobs: "status=500"), null, null) { Status = 500, IsEstimated = true },
        ["recording refused"] = new(MediaCall.Recording("transcriptions", knobs: "status=400"), null, 0) { Status = 400 },
        ["recording failed"] = new(MediaCall.Recording("transcriptions", knobs: "status=500"), null, 300_000) { Status = 500, IsEstimated = true },
        ["recording of another name"] = new(MediaCall.Recording("transcriptions", file: ThreeSeconds, more: ("language", "en")), "0,0,0; seconds 3", 300_000),
    };

    public static TheoryData<string, string> Names()
    {
        var names = new TheoryData<string, string>();
        foreach (var name in Cases.Keys)
        {
            names.Add(name, "/v1/");
            names.Add(name, "/v1/providers/openai/");
        }
        return names;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_answer_is_settled_to_the_nano_dollar(string name, string prefix)
    {
        var golden = Cases[name];
        await using var company = await Company.StartAsync(MediaCall.Rules);

        (await golden.Call.At(prefix + golden.Call.Path).SendAsync(company)).ShouldBe(golden.Status);

        var books = await company.SettledAsync();
        if (golden is { Status: not 200, IsEstimated: false })
        {
            books.Events.Should().BeEmpty();
            books.Released.Should().ContainSingle().Which.AmountNanos.Should().BePositive();
            return;
        }
        var spent = books.Events.Should().ContainSingle().Subject;
        spent.IsEstimated.Should().Be(golden.IsEstimated);
        spent.ReservedNanos.Should().BeGreaterThanOrEqualTo(spent.CostNanos);
        if (golden.Nanos is { } nanos) spent.CostNanos.Should().Be(nanos);
        if (golden.Held is { } held) spent.ReservedNanos.Should().Be(held);
        if (golden.IsEstimated) spent.CostNanos.Should().Be(spent.ReservedNanos).And.BePositive();
        else ClassesOf(spent).Should().Be(golden.Classes);
        books.Excesses.Should().BeEmpty();
    }

    [Fact]
    public async Task A_moderation_is_free_and_governed()
    {
        await using var company = await Company.StartAsync();

        (await MediaCall.Moderation().SendAsync(company)).ShouldBe(200);
        (await company.PostAsync("moderations", """{"input":["a","b"]}""")).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(2).And.OnlyContain(e => e.CostNanos == 0 && e.ReservedNanos == 0 && e.Model == "omni-moderation-latest");
    }

    private static string ClassesOf(Books.Event spent)
    {
        var others = spent.OtherUnits is { } json
            ? "; " + string.Join(", ", System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject().Select(u => $"{u.Key} {u.Value}"))
            : "";
        return $"{spent.InputUnits},{spent.CachedInputUnits},{spent.OutputUnits}{others}";
    }

    private sealed record Case(MediaCall Call, string? Classes, long? Nanos)
    {
        public long? Held { get; init; }
        public bool IsEstimated { get; init; }
        public int Status { get; init; } = 200;
    }
}
