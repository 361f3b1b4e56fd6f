using Spendra.Gateway.Tests.Batches;
using Spendra.Storage;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>
/// Requests that do not fit by their bytes, through a whole gateway. The text has some 4,300 bytes and 900 tokens: about
/// 0.0055 USD and 0.0013 USD at the rates of <c>m1</c>.
/// </summary>
public sealed class TighteningTests
{
    private static readonly string Text = string.Concat(Enumerable.Repeat(Prompts.Samples[0].Text + " ", 18));

    private static Rules Rules(string cap) => new()
    {
        Cap = cap,
        Prices = [.. new Rules().Prices, $"{{provider: openai, model: gpt-4.1-mini, {Tests.Rules.Rates}}}"],
    };

    private static string Chat(string model = "gpt-4.1-mini", string more = "") =>
        $$"""{"model":"{{model}}","max_tokens":16{{more}},"messages":[{"role":"user","content":"{{Text}}"}]}""";

    [Fact]
    public async Task What_fits_by_the_tokenizer_is_not_refused_for_its_bytes()
    {
        foreach (var engine in new[] { DatabaseEngine.Sqlite, DatabaseEngine.Postgres })
        {
            await using var company = await Company.StartAsync(Rules("0.003"), engine);
            foreach (var more in new[] { "", ",\"stream\":true" })
                (await company.PostAsync("chat/completions", Chat(more: more))).ShouldBe(200);

            var books = await company.SettledAsync();
            books.Events.Should().HaveCount(2).And.OnlyContain(e => !e.IsEstimated && e.CostNanos <= e.ReservedNanos && e.BoundOthers == "{\"basis\":\"tokenizer\"}");
            books.Events.Should().OnlyContain(e => e.BoundInput < Text.Length / 3 && e.BoundInput > Text.Length / 8);
            books.Excesses.Should().BeEmpty();
            company.Journal.Count.Should().Be(2);
        }
    }

    /// <summary>A tokenizer would read a body that names a file, or a text to be spoken, and bound nothing by it.</summary>
    [Fact]
    public async Task What_stands_outside_of_the_body_is_not_counted_in_it()
    {
        const string Priced = $"{{provider: openai, model: gpt-4.1-mini, {Tests.Rules.Rates}, tiers: {{batch: 50}}}}";
        await using var batches = await Company.StartAsync(Batched.Rules with { Cap = "0.001", Prices = [Priced] });
        await using var media = await Company.StartAsync(new Rules
        {
            Cap = "0.001",
            Prices = [$"{{provider: openai, model: gpt-4.1-mini, {Tests.Rules.Rates}, maxOutput: 16, unitUsdPerMillion: {{audio_output: \"12\"}}}}"],
        });

        var batch = (await Batched.CreateAsync(batches, Batched.File([Chat(), Chat()]))).ShouldBe(402, "budget_exceeded");
        var speech = (await media.PostAsync("audio/speech", $$"""{"model":"gpt-4.1-mini","voice":"alloy","input":"{{Text[..4_000]}}"}""")).ShouldBe(402, "budget_exceeded");

        batch.Text.Should().NotContain("tokenizer");
        speech.Text.Should().NotContain("tokenizer");
    }

    [Fact]
    public async Task What_fits_by_its_bytes_is_held_by_its_bytes()
    {
        await using var company = await Company.StartAsync(Rules("10"));

        (await company.PostAsync("chat/completions", Chat())).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.BoundOthers.Should().BeNull();
        spent.BoundInput.Should().Be(Chat().Length + 64);
    }

    [Fact]
    public async Task What_fits_by_neither_is_refused_with_both_bounds()
    {
        await using var company = await Company.StartAsync(Rules("0.001"));

        var answer = (await company.PostAsync("chat/completions", Chat())).ShouldBe(402, "budget_exceeded");

        answer.Text.Should().Contain("USD by its bytes and 0.00").And.Contain("USD by the model's tokenizer");
        var books = await company.SettledAsync();
        var refusal = books.Refusals.Should().ContainSingle().Subject;
        refusal.NeededNanos.Should().BeLessThan(2_000_000, "the tighter bound is what is needed");
        refusal.NeededNanos.Should().BeGreaterThan(1_000_000);
        books.Events.Should().BeEmpty();
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_model_without_a_public_tokenizer_is_held_by_its_bytes()
    {
        await using var company = await Company.StartAsync(Rules("0.003"));

        var answer = (await company.PostAsync("chat/completions", Chat("m1"))).ShouldBe(402, "budget_exceeded");

        answer.Text.Should().NotContain("tokenizer");
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Limits_of_a_single_request_are_compared_with_the_tighter_bound()
    {
        await using var company = await Company.StartAsync(Rules("10") with
        {
            Keys = ["{slug: k1, actor: employee/e1, maxRequestUsd: \"0.003\"}", "{slug: k2, actor: employee/e1, maxRequestUsd: \"0.001\"}"],
        });

        (await company.PostAsync("chat/completions", Chat())).ShouldBe(200);
        (await company.PostAsync("chat/completions", Chat(), "k2")).ShouldBe(403, "request_limit_exceeded")
            .Text.Should().Contain("by the model's tokenizer");

        (await company.SettledAsync()).Events.Should().ContainSingle();
    }

    [Fact]
    public async Task The_output_alone_being_too_much_nothing_is_counted()
    {
        await using var company = await Company.StartAsync(Rules("0.00003"));

        (await company.PostAsync("chat/completions", Chat())).ShouldBe(402, "budget_exceeded").Text.Should().NotContain("tokenizer");
    }
}
