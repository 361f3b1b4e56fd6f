using System.Text;
using System.Text.Json.Nodes;

namespace Spendra.Gateway.Tests;

/// <summary>Without a limit on the output there is no bound: one is found, clamped or injected.</summary>
public sealed class OutputLimitTests
{
    private static readonly Rules Clamped = new() { Policies = ["{slug: limit, kind: request_limit, scope: organization, maxOutputTokens: 100}"] };

    private static JsonNode Sent(Company company) => JsonNode.Parse(Encoding.UTF8.GetString(company.Journal.Requests[^1].Body.Span))!;

    [Theory]
    // The gateway's default is 400 in these tests; the model m-max makes at most 50.
    [InlineData(false, "m1", "", 400, 400L)]
    [InlineData(false, "m1", "\"max_tokens\":null", 400, 400L)]
    [InlineData(false, "m-max", "", 50, null)]
    [InlineData(false, "m1", "\"max_tokens\":7", 7, null)]
    [InlineData(false, "m1", "\"max_completion_tokens\":7", 7, null)]
    [InlineData(false, "m1", "\"max_tokens\":7,\"max_completion_tokens\":9", 9, null)]
    [InlineData(true, "m1", "", 100, 100L)]
    [InlineData(true, "m1", "\"max_tokens\":99", 99, null)]
    [InlineData(true, "m1", "\"max_tokens\":101", 100, 100L)]
    [InlineData(true, "m1", "\"max_tokens\":7,\"max_completion_tokens\":5000", 100, 100L)]
    // A generous rule is no reason to ask a model for more than it can make.
    [InlineData(true, "m-max", "", 50, null)]
    public async Task Chat_output_is_bounded(bool isClamped, string model, string more, long bound, long? imposed)
    {
        await using var company = await Company.StartAsync(isClamped ? Clamped : new Rules());

        var body = Bodies.Chat(more: more, model: model);
        var answer = (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        answer.Header("x-spendra-max-output-tokens").Should().Be(imposed?.ToString());
        var expected = JsonNode.Parse(body)!.AsObject();
        if (imposed is not null)
        {
            var names = new[] { "max_tokens", "max_completion_tokens" }.Where(expected.ContainsKey).DefaultIfEmpty("max_completion_tokens").ToList();
            foreach (var name in names) expected[name] = imposed;
        }
        expected["service_tier"] = "default";
        JsonNode.DeepEquals(Sent(company), expected).Should().BeTrue(Sent(company).ToJsonString());
        (await company.SettledAsync()).Events.Single().BoundOutput.Should().Be(bound);
    }

    [Theory]
    [InlineData(false, "m1", "", 400, 400L)]
    [InlineData(false, "m1", "\"max_output_tokens\":null", 400, 400L)]
    [InlineData(false, "m-max", "", 50, null)]
    [InlineData(true, "m1", "\"max_output_tokens\":20", 20, null)]
    [InlineData(true, "m1", "\"max_output_tokens\":2000", 100, 100L)]
    public async Task Response_output_is_bounded(bool isClamped, string model, string more, long bound, long? imposed)
    {
        await using var company = await Company.StartAsync(isClamped ? Clamped : new Rules());

        var body = Bodies.Response(more: more, model: model);
        var answer = (await company.PostAsync("responses", body)).ShouldBe(200);

        answer.Header("x-spendra-max-output-tokens").Should().Be(imposed?.ToString());
        var expected = JsonNode.Parse(body)!.AsObject();
        if (imposed is not null) expected["max_output_tokens"] = imposed;
        expected["service_tier"] = "default";
        JsonNode.DeepEquals(Sent(company), expected).Should().BeTrue(Sent(company).ToJsonString());
        (await company.SettledAsync()).Events.Single().BoundOutput.Should().Be(bound);
    }

    [Theory]
    // The maximum in the price book is that of one host; another may write more.
    [InlineData(false, "chat/completions", "", "max_completion_tokens", 50)]
    [InlineData(false, "chat/completions", "\"max_tokens\":null", "max_tokens", 50)]
    [InlineData(false, "responses", "", "max_output_tokens", 50)]
    [InlineData(true, "chat/completions", "", "max_completion_tokens", 50)]
    [InlineData(true, "chat/completions", "\"max_tokens\":101", "max_tokens", 100)]
    public async Task Where_many_hosts_serve_a_model_its_maximum_is_sent(bool isClamped, string path, string more, string name, long limit)
    {
        var rules = Formats.Rules();
        rules = rules with { Prices = [.. rules.Prices, $"{{provider: openrouter, model: maker/m-max, {Rules.Rates}, maxOutput: 50}}"], Policies = isClamped ? Clamped.Policies : [] };
        await using var company = await Formats.StartAsync(rules);
        var body = path == "responses" ? Bodies.Response(more: more, model: "maker/m-max") : Bodies.Chat(more: more, model: "maker/m-max");

        var answer = (await company.PostAsync("/v1/providers/openrouter/" + path, body)).ShouldBe(200);

        answer.Header("x-spendra-max-output-tokens").Should().Be($"{limit}");
        ((long)Sent(company)[name]!).Should().Be(limit);
        (await company.SettledAsync()).Events.Single().BoundOutput.Should().Be(limit);
    }

    [Fact]
    public async Task A_clamp_holds_for_every_choice()
    {
        await using var company = await Company.StartAsync(Clamped);

        (await company.ChatAsync(more: "\"n\":4")).ShouldBe(200);

        (await company.SettledAsync()).Events.Single().BoundOutput.Should().Be(400);
    }

    [Fact]
    public async Task A_clamp_for_another_model_does_not_hold()
    {
        await using var company = await Company.StartAsync(new Rules
        {
            Policies = ["{slug: limit, kind: request_limit, scope: organization, models: [m-max], maxOutputTokens: 10}"],
        });

        (await company.ChatAsync(more: "\"max_tokens\":300")).ShouldBe(200);
        (await company.PostAsync("chat/completions", Bodies.Chat(more: "\"max_tokens\":30", model: "m-max"))).ShouldBe(200);

        (await company.SettledAsync()).Events.Select(e => e.BoundOutput).Should().Equal(300, 10);
    }
}
