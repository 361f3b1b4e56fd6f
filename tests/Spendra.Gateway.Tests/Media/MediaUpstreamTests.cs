using System.Text;

namespace Spendra.Gateway.Tests.Media;

/// <summary>Answers to calls for pictures and sound that no well-behaved provider gives: the money stays right.</summary>
public sealed class MediaUpstreamTests
{
    private static byte[] Http(string type, string body) => RawUpstream.Http(
        $"HTTP/1.1 200 OK\ncontent-type: {type}\nconnection: close\ncontent-length: {Encoding.UTF8.GetByteCount(body)}", body);

    [Fact]
    public async Task Contradictions_are_booked_at_the_bound()
    {
        var answers = new Queue<byte[]>(
        [
            Http("application/json", "{\"usage\":{\"input_tokens\":20,\"output_tokens\":-1}}"),
            Http("application/json", "{\"usage\":{\"input_tokens\":20,\"output_tokens\":99999999999}}"),
            Http("application/json", "{\"usage\":{\"input_tokens\":20,\"output_tokens\":1},\"usage\":{\"input_tokens\":20,\"output_tokens\":2}}"),
            Http("application/json", "{\"data\":[]}"), Http("application/json", ""), Http("text/html", "<p>no</p>"),
            Http("text/event-stream", "data: {\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}\n\ndata: {\"usage\":{\"input_tokens\":20,\"output_tokens\":2}}\n\n"),
            Http("text/event-stream", ""),
        ]);
        var count = answers.Count;
        await using var provider = RawUpstream.Start(answers.Dequeue);
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        for (var i = 0; i < count; i++) (await MediaCall.Image().SendAsync(company)).ShouldBe(200);

        (await company.SettledAsync()).Events.Should().HaveCount(count).And.OnlyContain(e => e.IsEstimated && e.CostNanos == e.ReservedNanos && e.CostNanos > 0);
    }

    [Fact]
    public async Task A_picture_of_twenty_megabytes_passes_and_the_usage_after_it_counts()
    {
        var picture = new string('A', 20 * 1024 * 1024);
        // 20·5,000 + 1,056·30,000
        const string usage = "\"usage\":{\"input_tokens\":20,\"output_tokens\":1056}";
        var answers = new Queue<byte[]>(
        [
            Http("application/json", $"{{\"data\":[{{\"b64_json\":\"{picture}\"}}],{usage}}}"),
            Http("text/event-stream", $"data: {{\"b64_json\":\"{picture}\",{usage}}}\n\n"),
        ]);
        await using var provider = RawUpstream.Start(answers.Dequeue);
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        (await MediaCall.Image().SendAsync(company)).ShouldBe(200).Bytes.Length.Should().BeGreaterThan(picture.Length);
        (await MediaCall.Image(more: "\"stream\":true").SendAsync(company)).ShouldBe(200).Bytes.Length.Should().BeGreaterThan(picture.Length);

        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => !e.IsEstimated && e.CostNanos == 31_780_000);
    }

    [Fact]
    public async Task More_than_the_bound_is_booked_as_it_is_and_explained()
    {
        await using var provider = RawUpstream.Start(() => Http("application/json", "{\"usage\":{\"input_tokens\":20,\"output_tokens\":100000}}"));
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        (await MediaCall.Image().SendAsync(company)).ShouldBe(200);

        var books = await company.SettledAsync();
        // 20·5,000 + 100,000·30,000
        books.Events.Should().ContainSingle().Which.CostNanos.Should().Be(3_000_100_000);
        books.Excesses.Should().ContainSingle();
    }

    [Fact]
    public async Task Sound_that_breaks_off_is_charged_by_its_text()
    {
        await using var provider = RawUpstream.Start(() => RawUpstream.Http(
            "HTTP/1.1 200 OK\ncontent-type: audio/mpeg\nconnection: close\ncontent-length: 1000", "half"));
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        await FluentActions.Awaiting(() => MediaCall.Speech().SendAsync(company)).Should().ThrowAsync<HttpRequestException>();

        (await company.SettledAsync()).Events.Should().ContainSingle().Which.CostNanos.Should().Be(165_000);
    }

    [Fact]
    public async Task A_form_reaches_the_provider_byte_for_byte_with_the_credential_of_the_account()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var content = MediaCall.Recording("transcriptions", more: ("language", "de")).Content();
        var sent = await content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        await Answer.OfAsync(client.PostAsync("audio/transcriptions", content, TestContext.Current.CancellationToken));

        var arrived = company.Journal.Requests.Should().ContainSingle().Subject;
        arrived.Body.ToArray().Should().Equal(sent);
        await company.SettledAsync();
    }

    [Fact]
    public async Task Deployments_of_azure_are_served_at_the_rates_of_their_model()
    {
        await using var company = await Formats.StartAsync();
        const string media = $"/openai/deployments/{Formats.MediaDeployment}/";

        // 20·1,000 + 272·30,000, at 110 %
        (await MediaCall.Image("whatever", "input_tokens=20 output_tokens=272").At(media + "images/generations?api-version=2024-10-21").SendAsync(company)).ShouldBe(200);
        // (5·1,000 + 30·4,000 + 12·2,000) at 110 %
        (await MediaCall.Recording("transcriptions", Formats.MediaDeployment, "input_tokens=35 audio_tokens=30 output_tokens=12")
            .At("/openai/v1/audio/transcriptions").SendAsync(company)).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Events.Select(e => (e.Provider, e.Model, e.CostNanos)).Should().BeEquivalentTo([("azure", "media", 8_998_000L), ("azure", "media", 163_900L)]);
    }
}
