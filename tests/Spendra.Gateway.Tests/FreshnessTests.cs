using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Gateway.Tests;

/// <summary>A change of the rules from outside holds for the very next request, in both directions.</summary>
public sealed class FreshnessTests
{
    private static readonly Rules Narrow = new() { Keys = ["{slug: k1, actor: employee/e1, models: [m-max]}"] };
    private static readonly Rules Wide = new() { Keys = ["{slug: k1, actor: employee/e1, models: [m1, m-max]}"] };

    public static TheoryData<string, Rules, int, Rules, int> Changes() => new()
    {
        { "cap lowered", new Rules(), 200, new Rules { Cap = "0.00001" }, 402 },
        { "cap raised", new Rules { Cap = "0.00001" }, 402, new Rules(), 200 },
        { "cap closed", new Rules(), 200, new Rules { Cap = "0" }, 402 },
        { "cap opened", new Rules { Cap = "0" }, 402, new Rules(), 200 },
        { "model newly allowed", Narrow, 403, Wide, 200 },
        { "model no longer allowed", Wide, 200, Narrow, 403 },
        { "model newly priced", new Rules { Prices = [] }, 400, new Rules(), 200 },
        { "limit set", new Rules(), 200, new Rules { Policies = ["{slug: limit, kind: request_limit, scope: employee/e1, maxRequestUsd: \"0.00001\"}"] }, 403 },
        { "allowlist set", new Rules(), 200, new Rules { Policies = ["{slug: list, kind: allowlist, scope: organization, models: [m-max]}"] }, 403 },
        { "first cap", new Rules { HasCap = false }, 403, new Rules(), 200 },
        { "account added", new Rules { HasAccount = false }, 503, new Rules(), 200 },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_next_request_sees_the_change(string what, Rules before, int statusBefore, Rules after, int statusAfter)
    {
        await using var company = await Company.StartAsync(before);
        for (var i = 0; i < 2; i++) (await company.ChatAsync()).Status.Should().Be(statusBefore, what);
        await company.SettledAsync();

        await company.ApplyAsync(after);

        (await company.ChatAsync()).Status.Should().Be(statusAfter, what);
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_new_secret_works_at_once_and_the_one_before_as_long_as_it_was_given()
    {
        await using var company = await Company.StartAsync();
        var now = Micros.Now(TimeProvider.System);
        (await company.ChatAsync()).ShouldBe(200);

        company.Remember("second", await RotateAsync(company, now + 3_600_000_000));
        (await company.ChatAsync(key: "second")).ShouldBe(200);
        (await company.ChatAsync()).ShouldBe(200);

        // No overlap: the second secret ends with this change, and the first, which was one before already, as well.
        company.Remember("third", await RotateAsync(company, now));
        (await company.ChatAsync(key: "second")).ShouldBe(401);
        (await company.ChatAsync()).ShouldBe(401);
        (await company.ChatAsync(key: "third")).ShouldBe(200);
        (await company.SettledAsync()).Events.Should().HaveCount(4);
    }

    private static async Task<string> RotateAsync(Company company, long previousUntil)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var transaction = await GovernanceTransaction.BeginAsync(company.Gateway.Database, company.Slug, TimeProvider.System, cancel);
        var key = (await transaction.LoadStateAsync(cancel)).Keys.Single(k => k.Key.Slug == "k1").Key;
        var (write, issued) = IssuedKey.Rotate(key, company.Gateway.MasterKey, previousUntil);
        await transaction.ApplyAsync([new GovernanceChange(write, new ChangeNote("rotate", "key", "k1", "{}", "{}"))], new ChangeAuthor("test", "test"), cancel);
        return issued.Secret;
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_new_key_works_and_a_revoked_one_does_not_at_once(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        var author = new ChangeAuthor("test", "test", null);
        var (database, masterKey) = (company.Gateway.Database, company.Gateway.MasterKey);
        for (var i = 0; i < 5; i++)
        {
            var issued = await KeyIssuer.CreateAsync(database, masterKey, company.Slug,
                new KeyRequest { Slug = $"n{i}", Mode = KeyMode.Live, Actor = "employee/e1" }, author, TestContext.Current.CancellationToken);
            company.Remember("n", issued.Value!.Secret);
            (await company.ChatAsync(key: "n")).ShouldBe(200);
            await KeyIssuer.RevokeAsync(database, company.Slug, $"n{i}", author, TestContext.Current.CancellationToken);
            (await company.ChatAsync(key: "n")).ShouldBe(401, "key_revoked");
        }
        (await company.SettledAsync()).Events.Should().HaveCount(5);
        company.Journal.Count.Should().Be(5);
    }

    [Fact]
    public async Task A_cap_that_is_lowered_while_calls_run_explains_what_stands_above_it()
    {
        await using var company = await Company.StartAsync();
        var running = company.ChatAsync("latency_ms=200 input_tokens=10");
        await company.Journal.WaitForAsync(1, TestContext.Current.CancellationToken);

        await company.ApplyAsync(new Rules { Cap = "0.00001" });
        (await company.ChatAsync()).ShouldBe(402);

        (await running).ShouldBe(200);
        var books = await company.SettledAsync();
        books.Excesses.Should().Contain(e => e.Kind == 2);
        books.Settled.Should().Be(42_000);
    }

    [Fact]
    public async Task While_rules_change_every_call_is_decided_by_rules_that_were_in_force()
    {
        await using var company = await Company.StartAsync(Wide);
        // A change after each call that arrives, so that those behind it find their rules outdated.
        var changing = Task.Run(async () =>
        {
            for (var i = 1; i <= 40; i += 4)
            {
                await company.Journal.WaitForAsync(i, TestContext.Current.CancellationToken);
                await company.ApplyAsync(Wide with { Cap = i % 8 == 1 ? "11" : "10" });
            }
        }, TestContext.Current.CancellationToken);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => company.ChatAsync()));
        await changing;

        answers.Should().OnlyContain(a => a.Status == 200);
        (await company.SettledAsync()).Events.Should().HaveCount(40);
    }

    [Fact]
    public async Task A_limit_on_concurrency_holds_for_the_models_it_names()
    {
        await using var company = await Company.StartAsync(new Rules
        {
            Policies = ["{slug: few, kind: request_limit, scope: organization, models: [m1], maxConcurrent: 1}"],
        });
        var running = company.ChatAsync("latency_ms=400");
        await company.Journal.WaitForAsync(1, TestContext.Current.CancellationToken);

        (await company.ChatAsync()).ShouldBe(429, "concurrency_limit_exceeded").Headers.RetryAfter.Should().NotBeNull();
        (await company.PostAsync("chat/completions", Bodies.Chat(model: "m-max"))).ShouldBe(200);
        await company.ApplyAsync(new Rules { Policies = ["{slug: few, kind: request_limit, scope: organization, models: [m1], maxConcurrent: 2}"] });
        (await company.ChatAsync()).ShouldBe(200);

        (await running).ShouldBe(200);
        (await company.ChatAsync()).ShouldBe(200);
        (await company.SettledAsync()).Refusals.Should().ContainSingle().Which.Code.Should().Be("concurrency_limit_exceeded");
    }
}
