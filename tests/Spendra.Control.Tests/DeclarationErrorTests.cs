using Spendra.Control.Declarations;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests;

/// <summary>What is said about a file that is wrong. Every error has the line that a reader has to look at.</summary>
public sealed class DeclarationErrorTests
{
    private const string Head = "organization:\n  slug: acme\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string> WrongFiles => new()
    {
        // The file as a whole.
        { "", 1, "the file is empty: expected at least 'organization'" },
        { "just text", 1, "the file is a single value: expected fields such as 'organization' and 'budgets'" },
        { "organization: [", 2, "the file is not valid YAML or JSON" },
        { "teams: []", 1, "the file has no 'organization': expected the organization's slug and name" },
        { Head + "---\nmore: 1", 3, "a second document begins here: expected one document in a file" },
        { "organization: &a\n  slug: acme\n", 1, "anchors (&name) are not supported" },
        { Head + "teams: *a\n", 3, "aliases (*name) are not supported" },
        { Head + "teams: !!set {}\n", 3, "tags (!name) are not supported" },
        { Head + "slug: acme\n", 3, "'slug' is not a field of the file: expected organization, branches, teams" },
        { Head + "teams: []\nteams: []\n", 4, "'teams' stands here twice" },
        { Head + "teams: [[[[[[[[[[[[[[[]]]]]]]]]]]]]]]\n", 3, "nested deeper than 12 levels" },
        // Organization.
        { "organization:\n  slug: Acme Corp\n", 2, "'Acme Corp' is not a slug: expected 1 to 63 of a-z, 0-9" },
        { "organization:\n  name: Acme\n", 2, "organization has no 'slug'" },
        { Head + "  currency: EUR\n", 3, "'currency' is 'EUR': only USD is supported" },
        { Head + "  timeZone: Mars/Olympus\n", 3, "'timeZone' is 'Mars/Olympus', which is no known time zone" },
        { Head + "  timeZone: ../../etc/passwd\n", 3, "which is no known time zone" },
        { Head + "  name: \"a\\0b\"\n", 3, "'name' is not plain text" },
        { Head + "  name: [a]\n", 3, "'name' is a list: expected a single value" },
        // Scopes.
        { Head + "teams:\n  - slug: a\n  - slug: a\n", 5, "'a' is in 'teams' twice: first in line 4" },
        { Head + "teams:\n  - slug: a\n    branch: nowhere\n", 5, "branch/nowhere does not exist" },
        { Head + "teams:\n  - slug: a\n    owner: x\n", 5, "'owner' is not a field of team: expected slug, name, branch" },
        { Head + "teams:\n  - a\n", 4, "an item of 'teams' is a single value: expected a group of fields" },
        { Head + "agents:\n  - slug: a\n    owner: branch/b\n", 5, "'owner' is 'branch/b': expected one of employee/<slug>, team/<slug>, project/<slug>" },
        { Head + "agents:\n  - slug: a\n", 4, "agent has no 'owner'" },
        { Head + "subagents:\n  - slug: a\n    agent: ghost\n", 5, "agent/ghost does not exist" },
        { Head + "employees:\n  - slug: e\n    email: nobody\n", 5, "'email' is 'nobody': expected an address" },
        { Head + "employees:\n  - slug: e\n    projects: [ghost]\n", 5, "project/ghost does not exist" },
        // Accounts.
        { Head + "providerAccounts:\n  - slug: a\n    provider: acme-ai\n    credential: { env: X }\n", 5, "provider 'acme-ai' is not supported: expected one of openai, openrouter" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n", 4, "provider account has no 'credential'" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    credential: { env: X, value: y }\n", 6, "'env' and 'value' both stand here" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    credential: { env: 1-X }\n", 6, "'env' is not a variable name" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    credential: { env: SPENDRA__MASTERKEY }\n", 6, "'env' names a setting of Spendra itself" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    credential: { value: \"a b\" }\n", 6, "characters that a header cannot carry" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    baseUrl: ftp://x\n    credential: { env: X }\n", 6, "expected an absolute http or https address" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    baseUrl: https://u:p@x\n    credential: { env: X }\n", 6, "'baseUrl' has user info, a query or a fragment" },
        { Head + "providerAccounts:\n  - slug: a\n    provider: openai\n    baseUrl: https://x/?a=1\n    credential: { env: X }\n", 6, "'baseUrl' has user info, a query or a fragment" },
        // Prices.
        { Head + "prices:\n  - provider: openai\n    model: m\n    inputUsdPerMillion: 1e3\n    outputUsdPerMillion: 1\n", 6, "'inputUsdPerMillion' is '1e3': expected USD per million tokens" },
        { Head + "prices:\n  - provider: openai\n    model: m\n    inputUsdPerMillion: -1\n    outputUsdPerMillion: 1\n", 6, "not negative" },
        { Head + "prices:\n  - provider: openai\n    model: m\n    inputUsdPerMillion: 1\n", 4, "price has no 'outputUsdPerMillion'" },
        { Head + "prices:\n  - { provider: openai, model: m, inputUsdPerMillion: 1, outputUsdPerMillion: 1 }\n  - { provider: openai, model: m, inputUsdPerMillion: 2, outputUsdPerMillion: 2 }\n", 5, "is in 'prices' twice" },
        { Head + "prices:\n  - provider: openai\n    model: m\n    inputUsdPerMillion: 1\n    outputUsdPerMillion: 1\n    effectiveFrom: 2027-01-01\n", 8, "expected a time with an offset" },
        { Head + "prices:\n  - provider: openai\n    model: m\n    inputUsdPerMillion: 1\n    outputUsdPerMillion: 1\n    tiers: { flex: half }\n", 8, "'flex' is 'half': expected a whole number from 1 to 10000" },
        { Head + "prices:\n  - provider: openai\n    model: m\n    inputUsdPerMillion: 1\n    outputUsdPerMillion: 1\n    longContext: { inputUsdPerMillion: 2, outputUsdPerMillion: 3 }\n", 8, "longContext has no 'aboveInputTokens'" },
        // Budgets.
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: lots\n    period: day\n", 6, "'amountUsd' is 'lots': expected an amount in USD" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 0.0000000001\n    period: day\n", 6, "at most nine decimals" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 99999999999\n    period: day\n", 6, "expected an amount in USD" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 1\n    period: hourly\n", 7, "'period' is 'hourly': expected one of day, week, month, quarter, year, range, total" },
        { Head + "budgets:\n  - slug: b\n    amountUsd: 1\n    period: day\n", 4, "budget has no 'scope'" },
        { Head + "budgets:\n  - slug: b\n    scope: team/ghost\n    amountUsd: 1\n    period: day\n", 5, "team/ghost does not exist" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 1\n    period: day\n    weekStart: monday\n", 8, "'weekStart' has no meaning here: expected only with period: week" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 1\n    period: week\n    weekStart: mon\n", 8, "expected one of sunday, monday" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 1\n    period: year\n    fiscalStartMonth: 13\n", 8, "expected a whole number from 1 to 12" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 1\n    period: range\n    from: 2026-02-30\n    to: 2026-03-01\n", 8, "expected a date such as" },
        { Head + "budgets:\n  - slug: b\n    scope: organization\n    amountUsd: 1\n    period: range\n    from: 2026-03-02\n    to: 2026-03-01\n", 9, "'to' is before 'from'" },
        // Policies.
        { Head + "policies:\n  - slug: p\n    kind: cap\n    scope: organization\n", 5, "expected one of hard_cap, soft_cap, alert, review, allowlist, request_limit" },
        { Head + "policies:\n  - slug: p\n    kind: hard_cap\n    scope: organization\n", 4, "policy has no 'budget'" },
        { Head + "policies:\n  - slug: p\n    kind: hard_cap\n    scope: organization\n    budget: ghost\n", 7, "budget 'ghost' does not exist" },
        { Head + "policies:\n  - slug: p\n    kind: review\n    scope: organization\n    aboveUsd: 1\n    budget: b\n", 8, "'budget' has no meaning on a review" },
        { Head + "policies:\n  - slug: p\n    kind: review\n    scope: organization\n", 4, "policy has no 'aboveUsd'" },
        { Head + "policies:\n  - slug: p\n    kind: allowlist\n    scope: organization\n", 4, "at least one of providers, models, tools" },
        { Head + "policies:\n  - slug: p\n    kind: allowlist\n    scope: organization\n    tools: []\n    onDenied: hide\n", 8, "'onDenied' is 'hide': expected one of refuse, strip" },
        { Head + "policies:\n  - slug: p\n    kind: allowlist\n    scope: organization\n    models: [a]\n    onDenied: strip\n", 4, "policy has no 'tools'" },
        { Head + "policies:\n  - slug: p\n    kind: request_limit\n    scope: organization\n    maxConcurrent: 1\n    onDenied: strip\n", 8, "expected only on allowlist" },
        { Head + "policies:\n  - slug: p\n    kind: allowlist\n    scope: organization\n    models: all\n", 7, "'models' is a single value: expected a list of names" },
        { Head + "policies:\n  - slug: p\n    kind: request_limit\n    scope: organization\n", 4, "at least one of maxRequestUsd" },
        { Head + "policies:\n  - slug: p\n    kind: request_limit\n    scope: organization\n    maxOutputTokens: 0\n", 7, "expected a whole number from 1" },
        { Head + "policies:\n  - slug: p\n    kind: request_limit\n    scope: organization\n    maxConcurrent: 1\n    thresholdsPercent: [1]\n", 8, "expected only on alert" },
        { Head + "policies:\n  - slug: p\n    kind: request_limit\n    scope: organization\n    maxConcurrent: 1\n    models: [a]\n    filter: { models: [b] }\n", 9, "'models' stands beside 'filter' and in it" },
        // Keys.
        { Head + "keys:\n  - slug: k\n", 4, "key has no 'actor'" },
        { Head + "keys:\n  - slug: k\n    actor: team/x\n", 5, "expected one of employee/<slug>, agent/<slug>, subagent/<slug>" },
        { Head + "keys:\n  - slug: k\n    actor: employee/ghost\n", 5, "employee/ghost does not exist" },
        { Head + "employees: [ { slug: e } ]\nkeys:\n  - slug: k\n    actor: employee/e\n    expiresAt: 2027-01-01T00:00:00\n", 7, "expected a time with an offset" },
        { Head + "projects: [ { slug: a }, { slug: b } ]\nemployees: [ { slug: e, projects: [a] } ]\nkeys:\n  - slug: k\n    actor: employee/e\n    project: b\n", 8, "project/b is not among the projects of employee/e" },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public async Task A_wrong_file_is_refused_with_line_and_reason(string file, int line, string reason)
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);

        var errors = await RefuseAsync(store, file);

        errors.Should().Contain(e => e.Line == line && e.Message.Contains(reason, StringComparison.Ordinal),
            "found:\n" + string.Join("\n", errors));
        errors.Should().OnlyContain(e => e.File == "acme.yaml");
        (await store.ScalarAsync<long>("SELECT count(*) FROM organization_directory")).Should().Be(0);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_reported_at_once_in_the_order_of_lines()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);

        var errors = await RefuseAsync(store, """
            organization: { slug: acme, timeZone: Nowhere }
            teams:
              - { slug: a, branch: ghost }
            budgets:
              - { slug: b, scope: team/a, amountUsd: x, period: month }
              - { slug: c, scope: team/z, amountUsd: 1, period: month }
            keys:
              - { slug: k, actor: agent/none, colour: red }
            """);

        errors.Select(e => e.Line).Should().Equal(1, 3, 5, 6, 8, 8);
        errors[1].ToString().Should().Be("acme.yaml:3: branch/ghost does not exist: expected it in this file or applied before");
    }

    [Fact]
    public async Task Errors_never_quote_a_secret()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);

        var errors = await RefuseAsync(store, """
            organization: { slug: acme }
            providerAccounts:
              - { slug: a, provider: openai, baseUrl: "https://user:sk-hidden@host", credential: { value: "sk-hidden with spaces" } }
              - { slug: b, provider: openai, credential: { value: ["sk-hidden"] } }
              - { slug: c, provider: openai, credential: "sk-hidden" }
            """);

        errors.Should().HaveCount(4);
        string.Concat(errors).Should().NotContain("sk-hidden");
    }

    [Theory]
    [InlineData("period: month", "period: day", "budget 'b' has period month, here it is day: only a budget's amount can change")]
    [InlineData("scope: organization", "scope: team/t", "budget 'b' has scope organization, here it is team/t")]
    [InlineData("timeZone: UTC", "timeZone: Asia/Tokyo", "budget 'b' has timeZone UTC, here it is Asia/Tokyo")]
    [InlineData("actor: employee/e", "actor: employee/f", "key 'k' speaks for employee/e; a key's actor cannot change")]
    [InlineData("kind: hard_cap", "kind: soft_cap", "policy 'p' is a hard_cap; its kind cannot change")]
    public async Task What_must_not_change_is_refused(string before, string after, string reason)
    {
        const string file = """
            organization: { slug: acme }
            teams: [ { slug: t } ]
            employees: [ { slug: e }, { slug: f } ]
            budgets:
              - slug: b
                scope: organization
                amountUsd: 5
                timeZone: UTC
                period: month
            policies:
              - slug: p
                kind: hard_cap
                budget: b
            keys:
              - slug: k
                actor: employee/e
            """;
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, file);

        var errors = await RefuseAsync(store, file.Replace(before, after, StringComparison.Ordinal));

        errors.Should().ContainSingle().Which.Message.Should().Contain(reason);
    }

    [Fact]
    public async Task A_budget_without_a_zone_keeps_its_own_when_the_organization_moves()
    {
        const string file = """
            organization: { slug: acme, timeZone: Europe/Madrid }
            budgets: [ { slug: b, scope: organization, amountUsd: 5, period: month } ]
            """;
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, file);

        var applied = await ApplyAsync(store, file.Replace("Europe/Madrid", "Asia/Tokyo", StringComparison.Ordinal));

        applied.Changes.Where(c => c.Action != ChangeAction.Unchanged).Select(c => c.Kind).Should().Equal("organization");
        (await store.LoadAsync(applied.OrganizationId)).Budgets.Values.Single().Zone.Id.Should().Be("Europe/Madrid");
    }

    [Theory]
    [InlineData("teams: []", "pruning would archive team/t, but agent/a belongs to it")]
    [InlineData("budgets: []", "pruning would archive budget 'b', but policy 'p' points at it")]
    [InlineData("agents: []", "pruning would archive agent/a, but key 'k' speaks for it")]
    public async Task Pruning_what_others_still_need_is_refused(string list, string reason)
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, """
            organization: { slug: acme }
            teams: [ { slug: t } ]
            agents: [ { slug: a, owner: team/t } ]
            budgets: [ { slug: b, scope: organization, amountUsd: 5, period: month } ]
            policies: [ { slug: p, kind: hard_cap, budget: b } ]
            keys: [ { slug: k, actor: agent/a } ]
            """);

        var errors = await RefuseAsync(store, $"organization: {{ slug: acme }}\n{list}\n", prune: true);

        errors.Should().Contain(e => e.Message.Contains(reason, StringComparison.Ordinal), string.Join("\n", errors));
    }

    [Fact]
    public async Task An_employee_does_not_lose_a_project_that_a_key_names()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, """
            organization: { slug: acme }
            projects: [ { slug: x }, { slug: y } ]
            employees: [ { slug: e, projects: [x, y] } ]
            keys: [ { slug: k, actor: employee/e, project: x } ]
            """);

        var errors = await RefuseAsync(store, "organization: { slug: acme }\nemployees: [ { slug: e, projects: [y] } ]\n");

        errors.Should().ContainSingle().Which.Message.Should().Contain("employee/e would lose project/x, which key 'k' names");
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_not_read()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var errors = await RefuseAsync(store, new string('#', 16 * 1024 * 1024 + 1));
        errors.Should().ContainSingle().Which.Message.Should().Contain("at most 16777216 are read");
    }

    [Fact]
    public async Task A_json_file_means_what_the_same_yaml_file_means()
    {
        const string json = "{\n\t\"organization\": { \"slug\": \"acme\", \"name\": \"A \\u0026 B \\/ \\uD834\\uDD1E\" },\n\t\"teams\": [\n\t\t{ \"slug\": \"t\", \"branch\": null }\n\t],\n"
            + "\t\"budgets\": [ { \"slug\": \"b\", \"scope\": \"team/t\", \"amountUsd\": 12.50, \"period\": \"month\" } ]\n}";
        const string yaml = """
            organization: { slug: acme, name: "A & B / 𝄞" }
            teams: [ { slug: t } ]
            budgets: [ { slug: b, scope: team/t, amountUsd: "12.5", period: month } ]
            """;
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, json);

        var again = await ApplyAsync(store, yaml);

        again.Changes.Should().HaveCount(3).And.OnlyContain(c => c.Action == ChangeAction.Unchanged);
        var errors = await RefuseAsync(store, json.Replace("month", "moon", StringComparison.Ordinal));
        errors.Should().ContainSingle().Which.Line.Should().Be(6);
    }

    private static async Task<IReadOnlyList<DeclarationError>> RefuseAsync(GovernanceStore store, string file, bool prune = false)
    {
        var planned = await Spendra.Control.Declarations.Declarations.PlanAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(prune), Cancel);
        var applied = await Spendra.Control.Declarations.Declarations.ApplyAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(prune), new ChangeAuthor("t", "t"), null, Cancel);
        var refused = applied.Should().BeOfType<ApplyOutcome.Refused>().Subject.Errors;
        planned.Should().BeOfType<PlanOutcome.Refused>().Which.Errors.Should().Equal(refused);
        return refused;
    }

    private static async Task<ApplyOutcome.Applied> ApplyAsync(GovernanceStore store, string file)
    {
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(), new ChangeAuthor("t", "t"), null, Cancel);
        if (outcome is ApplyOutcome.Refused refused) Assert.Fail(string.Join("\n", refused.Errors));
        return (ApplyOutcome.Applied)outcome;
    }
}
