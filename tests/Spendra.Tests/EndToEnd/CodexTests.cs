using System.Text.Json;
using Spendra.Core.Money;

namespace Spendra.Tests.EndToEnd;

/// <summary>
/// The Codex CLI in one turn without a person, pointed to the gateway by its configuration alone. Costs are reckoned by
/// hand from OpenAI's price list.
/// </summary>
public sealed class CodexTests
{
    // What the sandbox reports. Cached and written tokens are inside the input, reasoning inside the output.
    private const string Usage = "input_tokens=12000 cached_tokens=9000 output_tokens=300 reasoning_tokens=120";
    private const string Prompt = $"Say hello. [[sandbox {Usage}]]";

    private const string Declaration = """
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        employees: [{slug: ada}]
        providerAccounts:
          - {slug: main, provider: openai, baseUrl: "{sandbox}", credential: {value: sandbox}}
        budgets: [{slug: all, scope: organization, amountUsd: "{amount}", period: total}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: ada, actor: employee/ada}]
        """;

    /// <summary>Both offer client-side tools only: the first in the list of tools, the second in an item of its input.</summary>
    [Theory]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-5.6-sol")]
    public async Task A_turn_of_Codex_is_answered_and_costs_what_it_must(string model)
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Declaration.Replace("{amount}", "20"));
        var served = await site.ServeAsync();

        var turn = await CodexTurn.RunAsync(site, served, model, Prompt);

        turn.ExitCode.Should().Be(0, turn.ToString());
        turn.Answer.Trim().Should().Be(Acme.Text, turn.ToString());
        turn.Last.GetProperty("type").GetString().Should().Be("turn.completed", turn.ToString());
        var usage = turn.Last.GetProperty("usage");
        usage.GetProperty("input_tokens").GetInt64().Should().Be(12_000);
        usage.GetProperty("cached_input_tokens").GetInt64().Should().Be(9_000);
        usage.GetProperty("output_tokens").GetInt64().Should().Be(300);
        site.Sandbox.Journal.Count.Should().Be(1);

        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        var all = await site.StandingAsync("all");
        // 5, 0.50 and 30 USD per million: 3,000 tokens read anew, 9,000 from the cache, 300 written.
        all.Settled.Should().Be(new NanoUsd(3_000 * 5_000 + 9_000 * 500 + 300 * 30_000));
        all.Reserved.Should().Be(NanoUsd.Zero);
    }

    [Fact]
    public async Task Codex_tells_why_its_turn_was_refused_and_the_provider_hears_nothing()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Declaration.Replace("{amount}", "0"));
        var served = await site.ServeAsync();

        var turn = await CodexTurn.RunAsync(site, served, "gpt-5.5", Prompt);

        turn.ExitCode.Should().NotBe(0, turn.ToString());
        turn.Last.GetProperty("type").GetString().Should().Be("turn.failed", turn.ToString());
        turn.Last.GetProperty("error").GetProperty("message").GetString().Should()
            .Contain("402").And.Contain("Budget 'all' is zero: it is closed to all requests.").And.Contain("(request ");
        site.Sandbox.Journal.Count.Should().Be(0);
        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        (await site.StandingAsync("all")).Settled.Should().Be(NanoUsd.Zero);
        (await KeyBooks.ReadAsync(site)).Refusals.Should().ContainSingle();
    }

    /// <summary>It takes a 402 for a state that passes and asks five times more, for nothing: each is refused before any spend.</summary>
    [Fact]
    public async Task Codex_with_its_own_retries_tells_why_too_and_the_provider_hears_nothing()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Declaration.Replace("{amount}", "0.001"));
        var served = await site.ServeAsync();

        var turn = await CodexTurn.RunAsync(site, served, "gpt-5.5", Prompt, retries: "");

        turn.ExitCode.Should().NotBe(0, turn.ToString());
        turn.Last.GetProperty("type").GetString().Should().Be("turn.failed", turn.ToString());
        site.Sandbox.Journal.Count.Should().Be(0);
        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        var refusals = (await KeyBooks.ReadAsync(site)).Refusals;
        refusals.Should().HaveCount(6).And.OnlyContain(r => r.Code == "budget_exceeded");
        turn.Last.GetProperty("error").GetProperty("message").GetString().Should().Contain("402").And.Contain($"{refusals[^1].Message} (request {refusals[^1].RequestId})");
    }

    [Theory]
    [InlineData("break_after=6")]
    [InlineData("break_after_bytes=4000 chunk_ms=10")]
    [InlineData("error_midstream=true")]
    public async Task A_turn_whose_stream_the_provider_breaks_off_fails_and_is_booked_at_its_bound(string knobs)
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Declaration.Replace("{amount}", "20"));
        var served = await site.ServeAsync();

        var turn = await CodexTurn.RunAsync(site, served, "gpt-5.5", $"Say hello. [[sandbox {knobs}]]");

        turn.ExitCode.Should().NotBe(0, turn.ToString());
        turn.Last.GetProperty("type").GetString().Should().Be("turn.failed", turn.ToString());
        site.Sandbox.Journal.Count.Should().Be(1);
        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        var booked = (await KeyBooks.ReadAsync(site)).Events.Should().ContainSingle().Subject;
        (booked.IsEstimated, booked.CostNanos).Should().Be((true, booked.ReservedNanos));
        booked.CostNanos.Should().BePositive();
        (await site.StandingAsync("all")).Settled.Should().Be(new NanoUsd(booked.CostNanos));
    }
}

/// <summary>One run of <c>codex exec</c>: its events, one a line, and the last message that it wrote to a file.</summary>
internal sealed record CodexTurn(int ExitCode, IReadOnlyList<JsonElement> Events, string Answer, string Errors)
{
    public JsonElement Last => Events[^1];

    private const string NoRetries = "request_max_retries = 0\nstream_max_retries = 0";

    /// <summary>Runs with a home and a folder of its own; nothing of the developer's is read.</summary>
    /// <param name="site">Where.</param>
    /// <param name="served">Its server.</param>
    /// <param name="model">The model.</param>
    /// <param name="prompt">What it is told.</param>
    /// <param name="retries">Lines of its configuration; none leaves it those that it has by itself.</param>
    public static async Task<CodexTurn> RunAsync(Site site, ServedProcess served, string model, string prompt, string retries = NoRetries)
    {
        var program = Path.Combine(SpendraProcess.Root, "tests", "clients", "node_modules", "@openai", "codex", "bin", "codex.js");
        File.Exists(program).Should().BeTrue("the Codex CLI must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var home = Directory.CreateDirectory(Path.Combine(site.Folder, "codex")).FullName;
        var work = Directory.CreateDirectory(Path.Combine(site.Folder, "work")).FullName;
        var answer = Path.Combine(home, "answer.txt");
        await File.WriteAllTextAsync(Path.Combine(home, "config.toml"), Configuration(served, model, retries));
        var result = await SpendraProcess.RunAsync(
            "node", [program, "exec", "--skip-git-repo-check", "--json", "--output-last-message", answer, prompt],
            new Dictionary<string, string?> { ["HOME"] = home, ["CODEX_HOME"] = home, ["NO_PROXY"] = "127.0.0.1", ["SPENDRA_KEY"] = site.Keys["ada"] }, work);
        return new CodexTurn(
            result.ExitCode, [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)],
            File.Exists(answer) ? await File.ReadAllTextAsync(answer) : "", result.Error);
    }

    /// <summary>As docs/gateway.md has it, and without anything that asks other servers.</summary>
    private static string Configuration(ServedProcess served, string model, string retries) => $"""
        model = "{model}"
        model_provider = "spendra"
        approval_policy = "never"
        sandbox_mode = "read-only"
        web_search = "disabled"
        check_for_update_on_startup = false

        [analytics]
        enabled = false

        [model_providers.spendra]
        name = "Spendra"
        base_url = "{new Uri(served.Url, "/v1")}"
        env_key = "SPENDRA_KEY"
        wire_api = "responses"
        {retries}
        """;

    private static JsonElement Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    public override string ToString() => $"exit code {ExitCode}\n{string.Join('\n', Events)}\n{Errors}";
}
