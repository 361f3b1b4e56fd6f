namespace Spendra.Gateway.Tests.Batches;

/// <summary>What may not be sent as a batch is refused before one is made, by the number of its line.</summary>
public sealed class BatchRefusalTests
{
    private const string Good = "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"b1\",\"max_tokens\":16,\"messages\":[]}}";

    public static TheoryData<string, string, string> Lines => new()
    {
        { "not JSON", "invalid_request", "Line 2 of the input file is not one object of JSON" },
        { Good + Good, "invalid_request", "Line 2 of the input file is not one object of JSON" },
        { "[" + Good + "]", "invalid_request", "Line 2 of the input file is not one object of JSON" },
        { Good[..^1], "invalid_request", "Line 2 of the input file is not one object of JSON" },
        { Good.Replace("/v1/chat/completions", "/v1/responses"), "invalid_request", "Line 2 of the input file must have the 'url' of the batch" },
        { Good.Replace("POST", "GET"), "invalid_request", "Line 2 of the input file must have the 'method' POST" },
        { Good.Replace("custom_id", "customer"), "invalid_request", "Line 2 of the input file has no 'custom_id'" },
        { Good.Replace("\"method\"", "\"bod\\u0079\":{},\"method\""), "invalid_request", "Line 2 of the input file gives 'body' twice" },
        { Good.Replace("b1", "b-max"), "invalid_request", "Line 2 of the input file names model 'b-max', and an earlier one 'b1'" },
        { Good.Replace("\"max_tokens\":16,", "\"max_tokens\":0,"), "invalid_request", "Line 2 of the input file has a body that is refused" },
        { Good.Replace("\"max_tokens\":16,", "\"max_tokens\":16,\"stream\":true,"), "invalid_request", "Line 2 of the input file asks for a stream" },
        { Good.Replace("\"max_tokens\":16,", "\"max_tokens\":16,\"service_tier\":\"flex\","), "invalid_request", "Line 2 of the input file asks for service tier 'flex'" },
        { Good.Replace("\"max_tokens\":16,", "\"max_tokens\":16,\"prompt_cache_options\":{\"ttl\":\"12h\"},"), "invalid_request", "Line 2 of the input file asks for a prompt cache of 12 hours" },
        { Good.Replace("\"max_tokens\":16,", "\"max_tokens\":16,\"multi_agent\":{\"enabled\":true},\"data_sources\":[{}],"), "unpriceable_request", "Line 2 of the input file: This request cannot be priced: documents" },
        { Good.Replace("\"max_tokens\":16,", "\"max_tokens\":16,\"web_search_options\":{},"), "invalid_request", "Line 2 of the input file offers the tool 'web_search'" },
        { Good.Replace("\"max_tokens\":16,", ""), "unpriceable_request", "Line 2 of the input file: its output is not limited to 400 tokens" },
        { Good.Replace("\"messages\":[]", "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x\"}}]}]"), "unpriceable_request", "Line 2 of the input file: The request names content that is not in its body" },
        { Good.Replace("\"messages\":[]", "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"file-of-others\"}}]}]"), "not_found", "No such file 'file-of-others'" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_line_that_may_not_be_sent_is_named(string line, string code, string text)
    {
        await using var company = await Company.StartAsync(Batched.Rules);

        var answer = await Batched.CreateAsync(company, $"{Good}\r\n{line}\n\n{Good}\n");

        answer.Code.Should().Be(code, answer.Text);
        ((string)answer.Json["error"]!["message"]!).Should().Contain(text);
        answer.Header("x-spendra-request-id").Should().NotBeNull();
        Batched.CreatedAtProvider(company).Should().Be(0);
        (await company.SettledAsync()).Paid.Should().BeEmpty();
    }

    public static TheoryData<string, string, string> Files => new()
    {
        { "", "invalid_request", "has no lines" },
        { "\n \r\n", "invalid_request", "has no lines" },
        { Good.Replace("b1", "m1"), "unpriceable_request", "Model 'm1' has no price for batches" },
        { Good.Replace("b1", "nobody's"), "unpriceable_request", "Line 1 of the input file: Model 'nobody's' has no price" },
        { Good.Replace("16", "9000000") + "\n" + string.Concat(Enumerable.Repeat(Good.Replace("\"max_tokens\":16", "\"n\":100,\"max_tokens\":9000000") + "\n", 2)), "unpriceable_request", "Up to line 3 the input file may use more than 1000000000 tokens" },
    };

    [Fact]
    public async Task A_model_that_searches_by_itself_is_refused_in_a_line()
    {
        await using var company = await Company.StartAsync(Batched.Rules with
        {
            Prices = [.. Batched.Rules.Prices, $"{{provider: openai, model: x-search-1, {Rules.Rates}, unitUsdPerMillion: {{web_searches: \"10000\"}}, tiers: {{batch: 50}}}}"],
        });

        var answer = (await Batched.CreateAsync(company, Good.Replace("b1", "x-search-1"))).ShouldBe(400, "invalid_request");

        ((string)answer.Json["error"]!["message"]!).Should().Contain("Line 1 of the input file offers the tool 'web_search'");
        Batched.CreatedAtProvider(company).Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_that_may_not_be_sent_makes_no_batch(string content, string code, string text)
    {
        await using var company = await Company.StartAsync(Batched.Rules with { Cap = "100000000" });

        var answer = await Batched.CreateAsync(company, content);

        answer.Code.Should().Be(code, answer.Text);
        ((string)answer.Json["error"]!["message"]!).Should().Contain(text);
        Batched.CreatedAtProvider(company).Should().Be(0);
        (await company.SettledAsync()).Paid.Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":"x","input_file_id":"y","endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":"x","endpoint":"/v1/images/generations","completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"x","endpoint":7,"completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"x","endpoint":"/v1/responses","completion_window":"1h"}""", "completion_window")]
    [InlineData("""{"input_file_id":"x","endpoint":"/v1/responses"}""", "completion_window")]
    public async Task A_request_that_makes_no_sense_is_refused_by_its_field(string body, string field)
    {
        await using var company = await Company.StartAsync(Batched.Rules);

        ((string)(await company.PostAsync("batches", body)).ShouldBe(400, "invalid_request").Json["error"]!["param"]!).Should().Be(field);

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task The_model_of_its_lines_must_be_in_the_scope_of_the_key()
    {
        await using var company = await Company.StartAsync(Batched.Rules with { Keys = ["{slug: k1, actor: employee/e1, models: [m1]}"] });

        (await Batched.CreateAsync(company, Good)).ShouldBe(403, "model_not_allowed");

        Batched.CreatedAtProvider(company).Should().Be(0);
        (await company.SettledAsync()).Refusals.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Route = "batches.create", Model = "b1" });
    }

    [Fact]
    public async Task All_lines_together_must_fit_the_budget()
    {
        string[] bodies = [.. Enumerable.Repeat(Batched.Body(), 10)];
        var bound = Batched.BoundOf(bodies);
        await using var company = await Company.StartAsync(Batched.Rules with { Cap = new Core.Money.NanoUsd(bound - 1).ToString() });

        (await Batched.CreateAsync(company, Batched.File(bodies))).ShouldBe(402, "budget_exceeded");

        (await company.SettledAsync()).Refusals.Should().ContainSingle().Which.NeededNanos.Should().Be(bound);
        Batched.CreatedAtProvider(company).Should().Be(0);
        await company.ApplyAsync(Batched.Rules with { Cap = new Core.Money.NanoUsd(bound).ToString() });
        (await Batched.CreateAsync(company, Batched.File(bodies))).ShouldBe(200, what: "what fits is admitted");
    }

    [Fact]
    public async Task A_line_above_the_limit_of_a_policy_is_refused_and_not_changed()
    {
        await using var company = await Company.StartAsync(Batched.Rules with { Policies = ["{slug: short, kind: request_limit, scope: organization, maxOutputTokens: 8}"] });

        var answer = (await Batched.CreateAsync(company, Good)).ShouldBe(400, "unpriceable_request");

        ((string)answer.Json["error"]!["message"]!).Should().Contain("Line 1 of the input file: its output is not limited to 8 tokens");
        Batched.CreatedAtProvider(company).Should().Be(0);
    }

    [Fact]
    public async Task One_that_the_provider_refuses_is_given_back()
    {
        await using var company = await Company.StartAsync(Batched.Rules);

        (await Batched.CreateAsync(company, Good, "status=429")).ShouldBe(429);

        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle(r => r.Route == "batches.create");
        books.Paid.Should().BeEmpty();
    }
}
