using System.Text;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>
/// Claude in OpenAI's formats: Anthropic tells the model about its tools there as in its own, and workspaces have their
/// settings there too, but answers do not say which of them held.
/// </summary>
public sealed class ClaudeByOpenAiTests
{
    private const string Anthropic = "/v1/providers/anthropic/chat/completions";
    private const string Function = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
    private const string Functions = "\"functions\":[{\"name\":\"f\"}]";

    private static readonly Rules Rules = ClaudeRules.Default;

    [Theory]
    [InlineData(Anthropic, ClaudeRules.Model, "", 0)]
    [InlineData(Anthropic, ClaudeRules.Model, "\"tools\":[],\"functions\":null", 0)]
    [InlineData(Anthropic, ClaudeRules.Model, Function, 804)]
    [InlineData(Anthropic, ClaudeRules.Model, Functions, 804)]
    [InlineData(Anthropic, ClaudeRules.Model, Function + "," + Functions, 804)]
    [InlineData("/v1/chat/completions", "m1", Function, 0)]
    public async Task What_the_model_is_told_beside_the_request_is_held(string path, string model, string more, int tokens)
    {
        await using var company = await Company.StartAsync(Rules);
        var body = Bodies.Chat(more: Limited(more), model: model);

        (await company.PostAsync(path, body)).ShouldBe(200);

        (await company.SettledAsync()).Events.Single().BoundInput.Should().Be(Encoding.UTF8.GetByteCount(body) + 64 + tokens);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"stream\":true")]
    public async Task A_call_with_tools_costs_no_more_than_it_was_held_at(string more)
    {
        await using var company = await Company.StartAsync(Rules);
        // 45 of the request's own, and Anthropic's instructions at their longest.
        var body = Bodies.Chat("input_tokens=849 output_tokens=16", Limited(Function) + more, ClaudeRules.Model);

        (await company.PostAsync(Anthropic, body)).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Excesses.Should().BeEmpty();
        var spent = books.Events.Single();
        (spent.CostNanos, spent.IsEstimated).Should().Be((849 * 1000 + 16 * 2000, false));
        spent.ReservedNanos.Should().BeGreaterThanOrEqualTo(spent.CostNanos);
    }

    [Theory]
    // No multiplier in the price book, one, and two, of which the first is capacity that was bought in advance.
    [InlineData("claude-a", "", 100)]
    [InlineData("claude-b", "", 110)]
    [InlineData("claude-b", ",\"stream\":true", 110)]
    [InlineData("claude-two", "", 220)]
    [InlineData("claude-two", ",\"service_tier\":\"default\"", 220)]
    [InlineData("claude-two", ",\"service_tier\":\"priority\"", 220)]
    public async Task What_a_workspace_may_choose_is_held_and_settled_since_no_answer_tells(string model, string more, int percent)
    {
        await using var company = await Company.StartAsync(Rules with
        {
            Prices = [.. Rules.Prices, $"{{provider: anthropic, model: claude-two, {Gateway.Tests.Rules.Rates}, tiers: {{priority: 200, us: 110}}}}"],
        });
        var body = Bodies.Chat(more: "\"max_tokens\":16" + more, model: model);

        (await company.PostAsync(Anthropic, body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.ReservedNanos.Should().Be((Bodies.BoundOf(body) * percent + 99) / 100);
        (spent.CostNanos, spent.TierPercent, spent.IsEstimated).Should().Be((42_000 * percent / 100, percent, false));
    }

    private static string Limited(string more) => "\"max_tokens\":16" + (more.Length > 0 ? "," : "") + more;
}
