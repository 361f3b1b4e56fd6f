using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>What <c>spendra explain</c> reads of a bound: what it was found by, how near it came, and at which price it was settled.</summary>
public sealed class ExplainedBoundTests
{
    private static Rules Rules(string cap) => new()
    {
        Cap = cap,
        Prices =
        [
            .. new Rules().Prices,
            $"{{provider: openai, model: gpt-4.1-mini, {Tests.Rules.Rates}}}",
            "{provider: openai, model: m-half, inputUsdPerMillion: \"0.5\", outputUsdPerMillion: \"1\"}",
        ],
    };

    [Theory]
    [InlineData("10", "bytes")]
    [InlineData("0.0005", "tokenizer")]
    public async Task The_basis_of_a_bound_is_told_and_how_much_of_it_was_used(string cap, string basis)
    {
        foreach (var engine in new[] { DatabaseEngine.Sqlite, DatabaseEngine.Postgres })
        {
            await using var company = await Company.StartAsync(Rules(cap), engine);
            var answer = (await company.PostAsync("chat/completions",
                $$"""{"model":"gpt-4.1-mini","max_tokens":16,"messages":[{"role":"user","content":"{{Prompts.Samples[0].Text}} {{Prompts.Samples[0].Text}}"}]}""")).ShouldBe(200);
            await company.SettledAsync();

            var request = await ExplainAsync(company, answer);

            request.Bound!.Basis.Should().Be(basis);
            var tightness = request.Tightness!;
            (tightness.BoundUsd, tightness.ActualUsd).Should().Be((request.Bound.AmountUsd, request.CostUsd!.Value));
            tightness.Ratio.Should().Be(decimal.Round((decimal)request.CostUsd.Value.Value / request.Bound.AmountUsd.Value, 4)).And.BeInRange(0.0001m, 1);
            tightness.InputRatio.Should().Be(decimal.Round((decimal)request.Events[0].Usage.Input / request.Bound.InputUnits, 4));
            request.ServedPrice.Should().BeNull();
        }
    }

    [Fact]
    public async Task The_price_of_another_model_that_served_is_told_with_the_reason()
    {
        foreach (var engine in new[] { DatabaseEngine.Sqlite, DatabaseEngine.Postgres })
        {
            await using var company = await Company.StartAsync(Rules("10"), engine);
            var answer = (await company.ChatAsync("model=m-half")).ShouldBe(200);
            var spent = (await company.SettledAsync()).Events.Single();

            var request = await ExplainAsync(company, answer);

            request.ServedPrice!.Reason.Should().Be("'m1' was asked for and 'm-half' served, which has a price of its own");
            (request.ServedPrice.Price.PriceId, request.ServedPrice.Price.InputUsdPerMillion).Should().Be((spent.ServedPriceId!.Value, "0.5"));
            request.Events[0].ServedPriceId.Should().Be(spent.ServedPriceId);
            request.Price!.Model.Should().Be("m1");
        }
    }

    [Fact]
    public async Task A_bound_that_was_booked_for_want_of_usage_says_nothing_of_tightness()
    {
        await using var company = await Company.StartAsync(Rules("10"));
        var answer = (await company.ChatAsync("no_usage=true")).ShouldBe(200);
        await company.SettledAsync();

        (await ExplainAsync(company, answer)).Tightness.Should().BeNull();
    }

    private static async Task<ExplainedRequest> ExplainAsync(Company company, Answer answer) =>
        (await new RequestQueries(company.Gateway.Database).ExplainAsync(
            company.Id, Guid.Parse(answer.Header("x-spendra-request-id")!), TestContext.Current.CancellationToken))!;
}
