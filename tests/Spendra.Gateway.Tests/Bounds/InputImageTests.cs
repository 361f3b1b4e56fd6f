using System.Text;
using CsCheck;
using Spendra.Core.Pricing;
using Spendra.Gateway.Tests.Golden;
using Spendra.Gateway.Tests.Tokens;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// A picture in OpenAI's formats is scaled to a size that depends on the model before it is counted, so that it has a ceiling
/// whatever it weighs. The figures are those of OpenAI's guide ("Images and vision": "Model sizing behavior", "Calculating
/// costs"), worked out by hand.
/// </summary>
public sealed class InputImageTests
{
    private const string Inline = "data:image/png;base64,AAAA";

    private static string Chat(string model, string detail = "", string address = Inline, string more = "") =>
        $$"""{"model":"{{model}}","max_tokens":16,"messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url",{{more}}"image_url":{"url":"{{address}}"{{detail}}} }]}]}""";

    private static string Response(string model, string before = "", string after = "", string address = Inline) =>
        $$"""{"model":"{{model}}","max_output_tokens":16,"input":[{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image",{{before}}"image_url":"{{address}}"{{after}} }]}]}""";

    private static string Detail(string detail) => $",\"detail\":\"{detail}\"";

    private static long TokensOf(string door, string model, string body, string address = Inline)
    {
        var (call, refusal) = ListedCall.Bound(door, model, body);
        refusal.Should().BeNull();
        call.Basis.Should().Be(BoundBasis.Bytes, body);
        return call.Bound.Input - (Encoding.UTF8.GetByteCount(body) - address.Length) - 64;
    }

    private static void ShouldBeTheWindow(string door, string model, string body)
    {
        var (call, refusal) = ListedCall.Bound(door, model, body);
        refusal.Should().BeNull();
        (call.Basis, call.Bound.Input).Should().Be((BoundBasis.ContextWindow, call.Price!.ContextWindow!.Value), body);
    }

    [Theory]
    // 85 + 8·170: 2,048 by 768 pixels are four by two tiles
    [InlineData("gpt-4o", "", 1_445)]
    [InlineData("gpt-4.1", "high", 1_445)]
    [InlineData("gpt-4.1", "low", 85)]
    [InlineData("gpt-4.1", "auto", 1_445)]
    // 2,833 + 8·5,667
    [InlineData("gpt-4o-mini", "high", 48_169)]
    [InlineData("gpt-4o-mini", "low", 2_833)]
    // 70 + 8·140
    [InlineData("gpt-5", "", 1_190)]
    [InlineData("gpt-5", "low", 70)]
    // 75 + 8·150
    [InlineData("o3", "", 1_275)]
    [InlineData("o1", "low", 75)]
    // 1,536·1.62, ·2.46 and ·1.72, upward; whether 'low' makes these fewer is in doubt (openai-python, issue 2851)
    [InlineData("gpt-5-mini", "", 2_489)]
    [InlineData("gpt-5-mini", "low", 2_489)]
    [InlineData("gpt-4.1-mini", "high", 2_489)]
    [InlineData("gpt-4.1-nano", "", 3_779)]
    [InlineData("gpt-5.4-nano", "", 3_779)]
    [InlineData("o4-mini", "", 2_642)]
    // No multiplier in the guide: the largest that it has
    [InlineData("gpt-5.2", "", 3_779)]
    // 256, 2,500 and 10,000 patches, by the largest multiplier
    [InlineData("gpt-5.4", "low", 630)]
    [InlineData("gpt-5.4", "high", 6_150)]
    [InlineData("gpt-5.4", "original", 24_600)]
    [InlineData("gpt-5.4", "", 24_600)]
    [InlineData("gpt-5.5", "", 24_600)]
    // ·1.2; what is neither 'low' nor 'high' keeps its size, up to 30,000 patches, and a host has been seen to take more
    [InlineData("gpt-6-astra", "low", 308)]
    [InlineData("gpt-6-sol", "high", 3_000)]
    [InlineData("gpt-6.2-sol", "", 72_000)]
    [InlineData("gpt-5.6-luna", "auto", 72_000)]
    [InlineData("gpt-5.6-luna", "original", 72_000)]
    [InlineData("gpt-5.6-luna", "LOW", 72_000)]
    public void An_image_in_the_body_has_its_models_ceiling(string model, string detail, long tokens)
    {
        var word = detail.Length > 0 ? Detail(detail) : "";

        TokensOf(Doors.OpenAiChat, model, Chat(model, word)).Should().Be(tokens);
        TokensOf(Doors.OpenAiResponses, model, Response(model, after: word)).Should().Be(tokens);
        if (word.Length > 0) TokensOf(Doors.OpenAiResponses, model, Response(model, before: word[1..] + ",")).Should().Be(tokens);
    }

    [Theory]
    [InlineData(Doors.AzureChat)]
    [InlineData(Doors.AzureOldChat)]
    public void At_Azure_the_model_behind_the_deployment_decides(string door)
    {
        TokensOf(door, "gpt-4o", Chat(ListedCall.Deployment, Detail("low"))).Should().Be(85);
        TokensOf(door, "gpt-5-mini", Chat(ListedCall.Deployment)).Should().Be(2_489);
    }

    [Theory]
    [InlineData("gpt-4o-2024-08-06", "gpt-4o", 1_445)]
    [InlineData("gpt-5-mini-2025-08-07", "gpt-5-mini", 2_489)]
    public void A_dated_snapshot_has_the_ceiling_of_its_model(string snapshot, string model, long tokens)
    {
        var body = Chat(snapshot);
        var price = ListedCall.Listed.First(p => p.Provider == "openai" && p.Model == model) with { Model = snapshot };

        var (call, _) = ListedCall.Bound(Doors.OpenAiChat, snapshot, Encoding.UTF8.GetBytes(body), null, [price]);

        call.Bound.Input.Should().Be(Encoding.UTF8.GetByteCount(body) - Inline.Length + 64 + tokens);
    }

    [Theory]
    [InlineData("chat-latest")]
    [InlineData("gpt-5.1")]
    public void A_model_that_the_guide_does_not_name_has_none(string model) => ShouldBeTheWindow(Doors.OpenAiChat, model, Chat(model, Detail("low")));

    [Theory]
    [InlineData(Doors.GoogleChat, "gemini-3.8-flash")]
    [InlineData(Doors.RouterChat, "openai/gpt-4.1")]
    [InlineData(Doors.AnthropicChat, "claude-opus-5-5")]
    public void Nor_has_a_model_of_another_provider(string door, string model) => ShouldBeTheWindow(door, model, Chat(model, Detail("low")));

    /// <summary>What stands behind an address has only the ceiling that the request itself sets.</summary>
    [Fact]
    public void An_address_is_bounded_by_its_detail_and_otherwise_by_the_window()
    {
        const string address = "https://example.com/a.png";

        foreach (var (detail, tokens) in new[] { ("low", 85L), ("high", 1_445L) })
        {
            TokensOf(Doors.OpenAiChat, "gpt-4.1", Chat("gpt-4.1", Detail(detail), address), address: "").Should().Be(tokens);
            TokensOf(Doors.OpenAiResponses, "gpt-4.1", Response("gpt-4.1", after: Detail(detail), address: address), address: "").Should().Be(tokens);
        }
        foreach (var detail in new[] { "", Detail("auto"), Detail("original"), ",\"detail\":7" })
        {
            ShouldBeTheWindow(Doors.OpenAiChat, "gpt-4.1", Chat("gpt-4.1", detail, address));
            ShouldBeTheWindow(Doors.OpenAiResponses, "gpt-4.1", Response("gpt-4.1", after: detail, address: address));
        }
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:application/pdf;base64,AAAA"}}""")]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:,AAAA","detail":"auto"}}""")]
    [InlineData("""{"type":"image_url","image_url":{"detail":"auto"}}""")]
    [InlineData("""{"type":"image_url","image_url":{"url":7}}""")]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","url":"https://example.com/x"}}""")]
    [InlineData("""{"type":"image_url","image_url":["data:image/png;base64,AAAA"]}""")]
    [InlineData("""{"type":"file","file":{"file_data":"data:image/png;base64,AAAA"}}""")]
    public void What_is_no_image_is_bounded_by_the_window(string part) =>
        ShouldBeTheWindow(Doors.OpenAiChat, "gpt-4.1", $$"""{"model":"gpt-4.1","max_tokens":16,"messages":[{"role":"user","content":[{{part}}]}]}""");

    /// <summary>Which of two the provider heeds is not known: the dearest counts.</summary>
    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"detail":"low","url":"data:image/png;base64,AAAA","detail":"high"}}""")]
    [InlineData("""{"type":"image_url","image_url":{"detail":"high","url":"data:image/png;base64,AAAA","detail":"low"}}""")]
    [InlineData("""{"type":"image_url","image_url":{"detail":"low","url":"data:image/png;base64,AAAA","detail":"low"}}""")]
    [InlineData("""{"type":"image_url","detail":"low","image_url":{"url":"data:image/png;base64,AAAA"}}""")]
    [InlineData("""{"type":"input_image","detail":"high","image_url":"data:image/png;base64,AAAA","detail":"low"}""")]
    [InlineData("""{"type":"input_image","detail":"low","image_url":"data:image/png;base64,AAAA","detail":"high"}""")]
    [InlineData("""{"type":"input_image","detail":"low","x":{"detail":"low"},"image_url":"data:image/png;base64,AAAA"}""")]
    [InlineData("""{"type":"input_image","x":{"detail":"low"},"image_url":"data:image/png;base64,AAAA"}""")]
    public void A_detail_in_doubt_counts_as_the_dearest(string part) =>
        TokensOf(Doors.OpenAiChat, "gpt-4.1", $$"""{"model":"gpt-4.1","max_tokens":16,"messages":[{"role":"user","content":[{{part}}]}]}""").Should().Be(1_445);

    [Fact]
    public void Every_image_counts_and_its_bytes_do_not()
    {
        var heavy = "data:image\\/jpeg;base64," + new string('A', 90_000);
        var part = $$$"""{"type":"image_url","image_url":{"url":"{{{heavy}}}","detail":"high"}}""";
        var body = $$"""{"model":"gpt-4.1","max_tokens":16,"messages":[{"role":"user","content":[{{part}},{{part}},{{part}}]}]}""";

        TokensOf(Doors.OpenAiChat, "gpt-4.1", body, address: heavy + heavy + heavy).Should().Be(3 * 1_445);
    }

    [Fact]
    public void Images_of_tools_results_count_as_well()
    {
        const string body = """{"model":"gpt-4.1","max_output_tokens":16,"input":[{"type":"computer_call_output","call_id":"c","output":{"type":"computer_screenshot","image_url":"data:image/png;base64,AAAA"}}]}""";

        TokensOf(Doors.OpenAiResponses, "gpt-4.1", body).Should().Be(1_445);
    }

    /// <summary>The data of an image is no text: counted as one it would be tokens that nobody bills, or hide some that are billed.</summary>
    [Fact]
    public async Task A_tokenizer_counts_the_text_beside_an_image_and_the_image_at_its_ceiling()
    {
        var text = string.Concat(Enumerable.Repeat("An ordinary sentence that has more bytes than tokens. ", 40));
        string Body(string parts) => $$"""{"model":"gpt-4.1","max_tokens":16,"messages":[{"role":"user","content":[{"type":"text","text":"{{text}}"}{{parts}}]}]}""";
        var part = $$$""",{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{new string('Q', 40_000)}}}"}}""";
        var bare = OpenAiCall.Bound("chat.completions", Body(""), "gpt-4.1");
        var pictured = OpenAiCall.Bound("chat.completions", Body(part + part), "gpt-4.1");
        var byBytes = pictured.Bound.Input;

        await OpenAiCall.TightenAsync(bare);
        await OpenAiCall.TightenAsync(pictured);

        pictured.Basis.Should().Be(BoundBasis.Tokenizer);
        pictured.Bound.Input.Should().BeLessThan(byBytes);
        (pictured.Bound.Input - bare.Bound.Input).Should().BeInRange(2 * 1_445, 2 * 1_445 + 100, "its names and its place in the list are counted too");
    }

    /// <summary>Whatever the sizes: the guide's own arithmetic on random measures never passes the ceiling.</summary>
    [Fact]
    public void No_size_has_more_tokens_than_the_ceiling() =>
        Gen.Select(Gen.Int[1, 12_000], Gen.Int[1, 12_000]).Sample((width, height) =>
        {
            Tiles(width, height).Should().BeLessThanOrEqualTo(8);
            foreach (var budget in (int[])[256, 1_536, 2_500, 10_000]) Patches(width, height, budget).Should().BeLessThanOrEqualTo(budget);
        }, iter: 20_000);

    private static int Tiles(double width, double height)
    {
        var fit = Math.Min(1, 2_048 / Math.Max(width, height));
        (width, height) = (width * fit, height * fit);
        var shrink = Math.Min(1, 768 / Math.Min(width, height));
        return (int)Math.Ceiling(Math.Round(width * shrink) / 512) * (int)Math.Ceiling(Math.Round(height * shrink) / 512);
    }

    private static int Patches(double width, double height, int budget)
    {
        static int Cover(double w, double h) => (int)(Math.Ceiling(w / 32) * Math.Ceiling(h / 32));
        if (Cover(width, height) <= budget) return Cover(width, height);
        var shrink = Math.Sqrt(32.0 * 32 * budget / (width * height));
        var adjusted = shrink * Math.Min(Math.Floor(width * shrink / 32) / (width * shrink / 32), Math.Floor(height * shrink / 32) / (height * shrink / 32));
        return Math.Min(budget, Cover(Math.Floor(width * adjusted), Math.Floor(height * adjusted)));
    }
}
