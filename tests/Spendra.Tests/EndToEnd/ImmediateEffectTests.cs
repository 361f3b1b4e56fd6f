using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>What the command line changes holds for the very next request, on every gateway.</summary>
public sealed class ImmediateEffectTests
{
    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_revoked_key_is_refused_and_a_new_one_admitted_at_once(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await ServeAsync(site);

        foreach (var round in Enumerable.Range(1, 2))
        {
            var created = await site.JsonAsync("keys", "create", $"ada-{round}", "--actor", "employee/ada");
            var secret = created.GetProperty("secret").GetString()!;
            foreach (var gateway in served) (await gateway.ChatAsync(secret)).Status.Should().Be(200);

            (await site.RunAsync("keys", "revoke", $"ada-{round}")).ShouldSucceed();

            foreach (var gateway in served) (await gateway.ChatAsync(secret)).ShouldBeError(401, "key_revoked");
            foreach (var gateway in served) (await gateway.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
        }
        foreach (var gateway in served) await gateway.ShouldStopAsync();
        await site.ShouldVerifyAsync();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_lowered_cap_refuses_and_a_raised_one_admits_at_once(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await ServeAsync(site);

        foreach (var _ in Enumerable.Range(1, 2))
        {
            foreach (var gateway in served) (await gateway.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
            await site.ApplyAsync(Acme.Declaration("0.000001"));
            foreach (var gateway in served)
            {
                var refused = await gateway.ChatAsync(site.Keys["ada"]);
                refused.ShouldBeError(402, "budget_exceeded").ShouldRetry.Should().Be("false");
                refused.Error.GetProperty("spendra").GetProperty("budget").GetString().Should().Be("ada-total");
            }
            await site.ApplyAsync(Acme.Declaration("1"));
        }
        foreach (var gateway in served) (await gateway.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
        foreach (var gateway in served) await gateway.ShouldStopAsync();
        await site.ShouldVerifyAsync();
    }

    [Fact]
    public async Task A_policy_that_appears_while_a_gateway_runs_holds_for_the_next_request()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);

        await site.ApplyAsync(Acme.Declaration("1").Replace("policies:",
            "policies:\n  - {slug: no-mini, kind: allowlist, scope: team/search, models: [gpt-4.1]}", StringComparison.Ordinal));

        (await served.ChatAsync(site.Keys["ada"])).ShouldBeError(403, "model_not_allowed");
        (await served.ChatAsync(site.Keys["bob"])).ShouldBeError(403, "model_not_allowed");
    }

    private static async Task<ServedProcess[]> ServeAsync(Site site) => site.Engine == DatabaseEngine.Sqlite
        ? [await site.ServeAsync()]
        : await Task.WhenAll(site.ServeAsync("--role", "gateway"), site.ServeAsync("--role", "gateway"));
}
