using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests.Media;

/// <summary>What has no bound, no price or no permission reaches no provider, and the answer says what to change.</summary>
public sealed class MediaRefusalTests
{
    private static readonly byte[] Unknown = [1, 2, 3];

    private static readonly Dictionary<string, (MediaCall Call, string Message)> Unpriceable = new()
    {
        ["no price"] = (MediaCall.Image("dall-e-3"), "'dall-e-3' has no price"),
        ["no rate for images"] = (MediaCall.Image("gpt-4.1-mini"), "Use a model that makes images"),
        ["images by a voice"] = (MediaCall.Image("tts-1"), "Use a model that makes images"),
        ["size unknown, no maximum"] = (MediaCall.Image("painter", more: "\"size\":\"512x512\""), "Name a size and quality"),
        ["several images in a stream"] = (MediaCall.Image(more: "\"n\":2,\"stream\":true"), "ask for one image, or without 'stream'"),
        ["several edits in a stream"] = (MediaCall.Edit(more: [("n", "2"), ("stream", "1")]), "ask for one image, or without 'stream'"),
        ["no rate for speech"] = (MediaCall.Speech("gpt-4.1-mini"), "Use a model that speaks"),
        ["speech without a maximum"] = (MediaCall.Speech("gpt-audio-1.5"), "priced by the character"),
        ["length unknown, by the second"] = (MediaCall.Recording("transcriptions", file: Unknown), "Send it as WAV, MP3, M4A with AAC, or Ogg or WebM with Opus"),
        ["length unknown, translated"] = (MediaCall.Recording("translations", file: Unknown), "Send it as WAV, MP3, M4A with AAC, or Ogg or WebM with Opus"),
        ["cut by the provider"] = (MediaCall.Recording("transcriptions", "writer", more: ("chunking_strategy", "auto")), "Leave it out"),
        ["known speakers"] = (MediaCall.Recording("transcriptions", "writer", more: ("known_speaker_references[]", "data:audio/wav;base64,")), "leave 'known_speaker_references' out"),
        ["writer without a maximum"] = (MediaCall.Recording("transcriptions", "m1"), "How much 'm1' may write is not known"),
    };

    private static readonly Dictionary<string, MediaCall> Invalid = new()
    {
        ["no model"] = MediaCall.Image() with { Json = "{\"prompt\":\"x\"}" },
        ["null model"] = MediaCall.Image() with { Json = "{\"model\":null,\"prompt\":\"x\"}" },
        ["numeric model"] = MediaCall.Image() with { Json = "{\"model\":7,\"prompt\":\"x\"}" },
        ["not JSON"] = MediaCall.Image() with { Json = "{" },
        ["a list"] = MediaCall.Image() with { Json = "[]" },
        ["trailing data"] = MediaCall.Image() with { Json = "{\"model\":\"gpt-image-2\"}{}" },
        ["half a surrogate pair"] = MediaCall.Speech() with { Json = "{\"model\":\"tts-1\",\"input\":\"\\ud800\"}" },
        ["model twice"] = MediaCall.Image(more: "\"mo\\u0064el\":\"gpt-image-1.5\""),
        ["n twice"] = MediaCall.Image(more: "\"n\":1,\"n\":10"),
        ["n as text"] = MediaCall.Image(more: "\"n\":\"2\""),
        ["no image"] = MediaCall.Image(more: "\"n\":0"),
        ["too many images"] = MediaCall.Image(more: "\"n\":11"),
        ["n as fraction"] = MediaCall.Image(more: "\"n\":1.5"),
        ["n as exponent"] = MediaCall.Image(more: "\"n\":1e1"),
        ["negative n"] = MediaCall.Image(more: "\"n\":-1"),
        ["too many partial images"] = MediaCall.Image(more: "\"partial_images\":4"),
        ["size as list"] = MediaCall.Image(more: "\"size\":[]"),
        ["size with a space"] = MediaCall.Image(more: "\"size\":\"1024 x 1024\""),
        ["stream as text"] = MediaCall.Image(more: "\"stream\":\"true\""),
        ["nothing to say"] = MediaCall.Speech(text: ""),
        ["input as list"] = MediaCall.Speech() with { Json = "{\"model\":\"tts-1\",\"input\":[\"a\"]}" },
        ["edit as JSON"] = MediaCall.Image().At("images/edits"),
        ["edit without image"] = MediaCall.Edit() with { Files = [] },
        ["edit of too many"] = MediaCall.Edit() with { Files = [.. Enumerable.Repeat(("image[]", "a.png", Unknown), 17)] },
        ["image as text"] = MediaCall.Edit(more: ("image", "file-abc")),
        ["n twice in a form"] = MediaCall.Edit(more: [("n", "1"), ("n", "10")]),
        ["n as list in a form"] = MediaCall.Edit(more: ("n[]", "10")),
        ["model as file"] = MediaCall.Edit() with { Files = [("image", "a.png", Unknown), ("model", "m", "gpt-image-1.5"u8.ToArray())] },
        ["prompt as file"] = MediaCall.Edit() with { Files = [("image", "a.png", Unknown), ("prompt", "p", "Draw a fox"u8.ToArray())] },
        ["unknown file of an edit"] = MediaCall.Edit() with { Files = [("image", "a.png", Unknown), ("image_2", "b.png", Unknown)] },
        ["unknown file beside a recording"] = MediaCall.Recording("transcriptions") with { Files = [("file", "a.wav", Sounds.Wave(100)), ("file[]", "b.wav", Sounds.Wave(100))] },
        ["prompt of a recording as file"] = MediaCall.Recording("transcriptions") with { Files = [("file", "a.wav", Sounds.Wave(100)), ("prompt", "p", Unknown)] },
        ["no recording"] = MediaCall.Recording("transcriptions") with { Files = [] },
        ["two recordings"] = MediaCall.Recording("transcriptions") with { Files = [("file", "a.wav", Unknown), ("file", "b.wav", Unknown)] },
        ["recording as text"] = MediaCall.Recording("transcriptions", more: ("file", "x")),
    };

    public static TheoryData<string> UnpriceableNames() => new(Unpriceable.Keys);

    public static TheoryData<string> InvalidNames() => new(Invalid.Keys);

    [Theory]
    [MemberData(nameof(UnpriceableNames))]
    public async Task What_cannot_be_bounded_is_refused_with_what_to_change(string name)
    {
        var (call, message) = Unpriceable[name];
        await using var company = await Company.StartAsync(MediaCall.Rules);

        var answer = (await call.SendAsync(company)).ShouldBe(400, "unpriceable_request");

        ((string?)answer.Json["error"]!["message"]).Should().Contain(message).And.Contain("request ");
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Refusals.Should().ContainSingle().Which.Code.Should().Be("unpriceable_request");
    }

    [Theory]
    [MemberData(nameof(InvalidNames))]
    public async Task A_bad_body_is_refused_with_a_reason(string name)
    {
        await using var company = await Company.StartAsync();

        (await Invalid[name].SendAsync(company)).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Windows.Should().BeEmpty();
    }

    [Fact]
    public async Task A_field_that_is_no_text_is_refused()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(Sounds.Wave(100)), "file", "a.wav" }, { new ByteArrayContent([0xFF, 0xFE]), "model" },
        };

        (await Answer.OfAsync(client.PostAsync("audio/transcriptions", form, TestContext.Current.CancellationToken))).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Scopes_of_keys_and_rules_hold_as_elsewhere()
    {
        await using var company = await Company.StartAsync(new Rules
        {
            Keys =
            [
                "{slug: k1, actor: employee/e1, models: [whisper-1]}", "{slug: k2, actor: employee/e1, maxRequestUsd: \"0.1\"}", "{slug: k3, actor: employee/e2}",
            ],
            Policies =
            [
                "{slug: short, kind: request_limit, scope: employee/e2, maxOutputTokens: 1000}",
                "{slug: names, kind: allowlist, scope: organization, models: [whisper-1, gpt-image-2, gpt-4o-mini-tts]}",
            ],
        });

        (await MediaCall.Recording("transcriptions").SendAsync(company)).ShouldBe(200);
        (await MediaCall.Image().SendAsync(company)).ShouldBe(403, "model_not_allowed");
        (await MediaCall.Moderation().SendAsync(company)).ShouldBe(403, "model_not_allowed");
        (await MediaCall.Speech().SendAsync(company, "k2")).ShouldBe(403, "model_not_allowed");
        (await MediaCall.Image().SendAsync(company, "k2")).ShouldBe(403, "request_limit_exceeded");
        (await MediaCall.Image(more: "\"quality\":\"low\",\"size\":\"1024x1024\"").SendAsync(company, "k2")).ShouldBe(200);
        (await MediaCall.Image(more: "\"quality\":\"medium\",\"size\":\"1024x1024\"").SendAsync(company, "k3")).ShouldBe(403, "request_limit_exceeded");
        (await MediaCall.Image(more: "\"quality\":\"low\",\"size\":\"1024x1024\",\"n\":4").SendAsync(company, "k3")).ShouldBe(200);

        company.Journal.Count.Should().Be(3);
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_form_that_is_too_large_is_refused_before_it_is_read()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { MaxBodyBytes = 10_000 });
        await using var company = await Company.StartAsync(gateway: gateway);

        (await MediaCall.Recording("transcriptions", file: Sounds.Wave(1_000)).SendAsync(company)).ShouldBe(413, "request_too_large");

        company.Journal.Count.Should().Be(0);
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_repeated_form_is_known_although_its_boundary_differs()
    {
        await using var company = await Company.StartAsync();

        (await MediaCall.Recording("transcriptions").SendAsync(company, idempotencyKey: "one")).ShouldBe(200);
        await company.SettledAsync();
        (await MediaCall.Recording("transcriptions").SendAsync(company, idempotencyKey: "one")).ShouldBe(409, "idempotency_replay_unavailable");
        (await MediaCall.Recording("transcriptions", file: Sounds.Wave(3_001)).SendAsync(company, idempotencyKey: "one")).ShouldBe(422, "idempotency_mismatch");
        (await MediaCall.Recording("translations").SendAsync(company, idempotencyKey: "one")).ShouldBe(422, "idempotency_mismatch");

        company.Journal.Count.Should().Be(1);
        await company.SettledAsync();
    }

    [Fact]
    public async Task Test_keys_reach_the_sandbox_and_spend_nothing()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(gateway: gateway);
        var issued = await KeyIssuer.CreateAsync(gateway.Database, gateway.MasterKey, company.Slug,
            new KeyRequest { Slug = "t1", Mode = KeyMode.Test, Actor = "employee/e1" }, new ChangeAuthor("test", "test", null), TestContext.Current.CancellationToken);
        company.Remember("t1", issued.Value!.Secret);

        (await MediaCall.Recording("transcriptions").SendAsync(company, "t1")).ShouldBe(200);
        (await MediaCall.Image().SendAsync(company, "t1")).ShouldBe(200);

        company.Journal.Count.Should().Be(0);
        gateway.Sandbox.Journal.Count.Should().Be(2);

        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => e.CostNanos == 0 && e.ReservedNanos == 0);
    }
}
