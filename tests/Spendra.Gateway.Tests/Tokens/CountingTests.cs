using Spendra.Gateway.Tests.Claude;
using Spendra.Sandbox;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>Requests that do not fit by their bytes, at providers without a public tokenizer: these count for nothing.</summary>
public sealed class CountingTests
{
    private static readonly string Text = new('x', 4_000);

    private static readonly Rules Claude = ClaudeRules.Of(GeminiBodies.Rules);

    private static readonly Rules Large = Claude with
    {
        Prices = [.. Claude.Prices, $"{{provider: google, model: gemini-3-big, {Rules.Rates}, contextWindow: 1000000}}"],
    };

    private static string Message(string text, string more = "") =>
        $$"""{"model":"{{ClaudeRules.Model}}","max_tokens":16,"temperature":0.5,{{more}}"metadata":{"user_id":"u1"},"system":"Be brief.","messages":[{"role":"user","content":"{{text}}"}]}""";

    [Fact]
    public async Task A_message_that_fits_by_the_providers_count_is_not_refused_for_its_bytes()
    {
        // 4,009 bytes in two messages are 1,003 + 8 + 3 = 1,014 tokens there; with 2 %, rounded up, and 64 more they are 1,099,
        // at 1,250 nano-USD. By bytes more than 5,000,000.
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Cap = "0.002" });

        (await company.PostAsync("messages", Message(Text))).ShouldBe(200);

        var books = await company.SettledAsync();
        var (count, message) = (books.Events.Single(e => e.Route == "messages.count_tokens"), books.Events.Single(e => e.Route == "messages"));
        message.BoundOthers.Should().Be("{\"basis\":\"counted\"}");
        message.BoundInput.Should().Be(1_099);
        message.CostNanos.Should().BeLessThanOrEqualTo(message.ReservedNanos);
        (count.ReservedNanos, count.CostNanos, count.PriceId).Should().Be((0, 0, null));
        company.Journal.CountOf(SandboxRoute.CountMessageTokens).Should().Be(1);
        var sent = System.Text.Encoding.UTF8.GetString(company.Journal.Requests[0].Body.Span);
        sent.Should().Be($$"""{"model":"{{ClaudeRules.Model}}","system":"Be brief.","messages":[{"role":"user","content":"{{Text}}"}]}""");
    }

    [Theory]
    [InlineData("/v1beta/models/g1:generateContent", "google.count")]
    [InlineData("/v1beta/models/g1:streamGenerateContent?alt=sse", "google.count")]
    [InlineData("/v1/providers/vertexai/publishers/google/models/g1:generateContent", "vertexai.count")]
    public async Task Contents_that_fit_by_the_providers_count_are_not_refused_for_their_bytes(string path, string countRoute)
    {
        var body = GeminiBodies.Content().Replace("Hello there", new string('x', 800), StringComparison.Ordinal);
        // 207 tokens there, 276 with the margin; by bytes more than 1,000,000 nano-USD.
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Cap = "0.0005" });

        (await company.PostAsync(path, body)).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(2).And.ContainSingle(e => e.Route == countRoute && e.ReservedNanos == 0);
        var spent = books.Paid.Single();
        (spent.BoundInput, spent.BoundOthers).Should().Be((276, "{\"basis\":\"counted\"}"));
        company.Journal.CountOf(SandboxRoute.CountContentTokens).Should().Be(1);
    }

    [Theory]
    [InlineData("messages", """{"model":"claude-a","max_tokens":16,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://me.example/a.pdf"}}]}]}""")]
    [InlineData("messages", """{"model":"claude-a","max_tokens":16,"messages":[{"role":"user","content":[{"source":{"url":"https://me.example/a.png","type":"url"},"type":"image"}]}]}""")]
    [InlineData("messages", """{"model":"claude-a","max_tokens":16,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url","url":"https://me.example/a.png"}}]}}]}]}""")]
    [InlineData("messages", """{"model":"claude-a","max_tokens":16,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"something-new","id":"x"}}]}]}""")]
    [InlineData("/v1beta/models/gemini-3-big:generateContent", """{"contents":[{"parts":[{"fileData":{"mimeType":"application/pdf","fileUri":"https://me.example/a.pdf"}}]}],"generationConfig":{"maxOutputTokens":16}}""")]
    [InlineData("/v1beta/models/gemini-3-big:generateContent", """{"contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"AAAA"}}]}],"generationConfig":{"maxOutputTokens":16}}""")]
    [InlineData("responses", """{"model":"m-window","max_output_tokens":16,"input":[{"role":"user","content":[{"type":"input_image","image_url":"https://me.example/a.png"}]}]}""")]
    [InlineData("responses", """{"model":"m-window","max_output_tokens":16,"input":[{"role":"user","content":[{"type":"input_file","file_url":"https://me.example/a.pdf"}]}]}""")]
    public async Task What_may_be_another_when_it_is_read_again_is_not_counted(string path, string body)
    {
        await using var company = await Company.StartAsync(Large with { Cap = "0.0008" });

        (await company.PostAsync(path, body)).ShouldBe(402, "budget_exceeded");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("""{"type":"input_image","image_url":"data:image/png;base64,AAAA"}""")]
    [InlineData("""{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}""")]
    public async Task What_stands_in_the_body_is_counted_although_its_bytes_do_not_bound_it(string part)
    {
        await using var company = await Company.StartAsync(Large with { Cap = "0.0008" });

        (await company.PostAsync("responses", $$"""{"model":"m-window","max_output_tokens":16,"input":[{"role":"user","content":[{{part}}]}]}""")).ShouldBe(200);

        (await company.SettledAsync()).Paid.Single().BoundOthers.Should().Be("{\"basis\":\"counted\"}");
    }

    [Fact]
    public async Task An_image_at_Google_is_held_at_its_ceiling_beside_the_count()
    {
        // 20,000 bytes are 5,000 tokens and 7 more there, whatever the image is.
        await using var company = await Company.StartAsync(Large with { Cap = "0.02" });
        var body = $$$"""{"contents":[{"role":"user","parts":[{"text":"{{{new string('x', 20_000)}}}"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],"generationConfig":{"maxOutputTokens":16}}""";

        (await company.PostAsync("/v1beta/models/gemini-3-big:generateContent", body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Paid.Single();
        spent.BoundOthers.Should().StartWith("{\"basis\":\"counted\"");
        spent.BoundInput.Should().BeGreaterThan(5_007 + Dialects.Gemini.GeminiRequestReader.ImageTokens).And.BeLessThan(20_000);
    }

    [Fact]
    public async Task An_earlier_response_is_counted_when_the_context_window_does_not_fit()
    {
        await using var company = await Company.StartAsync(new Rules { Cap = "0.0008" });
        var first = (await company.PostAsync("responses", Bodies.Response(model: "m-window"))).ShouldBe(200);
        await company.SettledAsync();

        (await company.PostAsync("responses", Bodies.Response(more: $"\"max_output_tokens\":16,\"previous_response_id\":\"{first.Json["id"]}\"", model: "m-window"))).ShouldBe(200);

        var books = await company.SettledAsync();
        // The second has the first's 26 tokens and its own 10, 2 % and 64 more; its window is 1,000.
        books.Paid.Select(e => (e.BoundInput, e.BoundOthers)).Should().Contain((26 + 10 + 1 + 64, "{\"basis\":\"counted\"}"));
        books.Events.Should().ContainSingle(e => e.Route == "responses.input_tokens");
    }

    [Theory]
    [InlineData("[[sandbox status=500]]")]
    [InlineData("[[sandbox garbage=true]]")]
    [InlineData("[[sandbox input_tokens=-5]]")]
    [InlineData("[[sandbox usage=string]]")]
    [InlineData("[[sandbox break_after_bytes=3]]")]
    public async Task Without_a_count_that_can_be_believed_the_bytes_decide(string knobs)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Cap = "0.002" });

        (await company.PostAsync("messages", Message(Text + knobs))).ShouldBe(402, "budget_exceeded").Text.Should().NotContain("count");

        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        company.Journal.CountOf(SandboxRoute.CountMessageTokens).Should().Be(1);
        company.Journal.ModelCalls.Should().Be(0);
    }

    [Fact]
    public async Task A_count_that_fits_no_better_is_told_in_the_refusal()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Cap = "0.001" });

        (await company.PostAsync("messages", Message(Text))).ShouldBe(402, "budget_exceeded")
            .Text.Should().Contain("by its bytes and 0.001").And.Contain("by the provider's count");
    }

    [Fact]
    public async Task An_account_that_does_not_allow_it_is_not_asked()
    {
        var rules = ClaudeRules.Default with { Cap = "0.002" };
        await using var company = await Company.StartAsync(rules with
        {
            Accounts = [.. rules.Accounts.Select(a => a.Replace("slug: claude,", "slug: claude, countsTokens: false,", StringComparison.Ordinal))],
        });

        (await company.PostAsync("messages", Message(Text))).ShouldBe(402, "budget_exceeded");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("0")]
    // The output alone costs 32,000 nano-USD.
    [InlineData("0.000032")]
    public async Task Where_no_count_could_help_none_is_asked_for(string cap)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Cap = cap });

        (await company.PostAsync("messages", Message(Text))).ShouldBe(402, "budget_exceeded");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Tools_that_the_provider_runs_are_not_counted_but_bounded_by_the_context_window()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Cap = "0.5", Keys = ["{slug: k1, actor: employee/e1, tools: [web_fetch]}"] });

        (await company.PostAsync("messages", Message(Text, "\"tools\":[{\"type\":\"web_fetch_20250910\",\"name\":\"web_fetch\",\"max_uses\":3}],"))).ShouldBe(402, "budget_exceeded");

        company.Journal.Count.Should().Be(0);
    }
}
