using System.Text.Json;

namespace Spendra.Tests.EndToEnd;

/// <summary><c>plan</c> and <c>apply</c> as a user types them.</summary>
public sealed class DeclarationCommandTests
{
    [Fact]
    public async Task Plan_shows_what_would_change_and_changes_nothing()
    {
        await using var site = await Site.CreateAsync();
        var file = await WriteAsync(site, Acme.Declaration("1"));

        var fresh = (await site.RunAsync("plan", "-f", file)).ShouldSucceed();
        fresh.Output.Should().Contain("+ create budget ada-total").And.Contain("+ create key ada").And.NotContain("spk_live_");
        (await site.RunAsync("budgets")).ShouldFailInOneLine().Should().Contain("there is no organization yet");

        await site.ApplyAsync(Acme.Declaration("1"));
        file = await WriteAsync(site, Acme.Declaration("2"));
        foreach (var _ in Enumerable.Range(1, 2))
        {
            var changed = await site.JsonAsync("plan", "-f", file);
            var change = changed.GetProperty("changes").EnumerateArray().Should().ContainSingle().Subject;
            change.GetProperty("slug").GetString().Should().Be("ada-total");
        }
        (await site.RunAsync("plan", "-f", file)).Output.Should().Contain("~ update budget ada-total");
        (await site.StandingAsync("ada-total")).Limit.Should().Be(Usd.Read("1"));
    }

    [Fact]
    public async Task Applying_twice_changes_nothing_and_makes_no_new_keys()
    {
        await using var site = await Site.CreateAsync();
        var first = await site.ApplyAsync(Acme.Declaration("1"));
        first.GetProperty("keys").GetArrayLength().Should().Be(2);
        var keys = (await site.JsonAsync("keys", "list")).ToString();

        var second = await site.ApplyAsync(Acme.Declaration("1"));

        second.GetProperty("keys").GetArrayLength().Should().Be(0);
        second.GetProperty("changes").GetArrayLength().Should().Be(0);
        second.GetProperty("epoch").GetInt64().Should().Be(first.GetProperty("epoch").GetInt64());
        (await site.JsonAsync("keys", "list")).ToString().Should().Be(keys);
        await site.ShouldVerifyAsync();
    }

    [Fact]
    public async Task Errors_are_told_together_each_with_file_and_line_and_nothing_is_applied()
    {
        await using var site = await Site.CreateAsync();
        var file = await WriteAsync(site, Acme.Declaration("1")
            .Replace("kind: hard_cap, scope: employee/bob", "kind: hard_hat, scope: employee/bob", StringComparison.Ordinal)
            .Replace("amountUsd: \"1\"", "amountUsd: \"one\"", StringComparison.Ordinal)
            .Replace("actor: employee/bob", "actor: employee/nobody", StringComparison.Ordinal));

        var refused = await site.RunAsync("apply", "-f", file);

        refused.ExitCode.Should().Be(1);
        refused.Output.Should().BeEmpty();
        refused.Error.Should().NotContain("Exception");
        refused.Error.Should().MatchRegex($@"{file}:\d+: .*one").And.MatchRegex($@"{file}:\d+: .*hard_hat");
        refused.Error.TrimEnd().Split('\n').Should().OnlyContain(l => l.StartsWith(file) || l.StartsWith("spendra: "));
        (await site.RunAsync("budgets")).ShouldFailInOneLine();
        var json = await site.RunAsync("apply", "-f", file, "--json");
        json.ExitCode.Should().Be(1);
        json.Json.GetProperty("errors").EnumerateArray().Should().OnlyContain(e => e.GetProperty("line").GetInt32() > 0);
    }

    [Theory]
    [InlineData("organization: {slug: acme")]
    [InlineData("organization: &a {slug: acme, name: *b}")]
    [InlineData("- 1\n- 2\n")]
    [InlineData("\t")]
    [InlineData("")]
    public async Task What_is_not_a_declaration_is_refused_with_file_and_line(string yaml)
    {
        await using var site = await Site.CreateAsync();
        var file = await WriteAsync(site, yaml);

        var refused = await site.RunAsync("plan", "-f", file);

        refused.ExitCode.Should().Be(1, refused.ToString());
        refused.Error.Should().MatchRegex($@"{file}:\d+: .").And.NotContain("Exception");
    }

    [Fact]
    public async Task A_declaration_may_be_json_on_standard_input()
    {
        await using var site = await Site.CreateAsync();
        var json = JsonSerializer.Serialize(new { organization = new { slug = "acme", name = "Acme", currency = "USD", timeZone = "UTC" } });

        var applied = await SpendraProcess.RunAsync(
            ["apply", "-f", "-", "--json", .. site.DatabaseArguments], site.Variables, site.Folder, json);

        applied.ShouldSucceed().Json.GetProperty("changes").GetArrayLength().Should().BePositive();
    }

    private static async Task<string> WriteAsync(Site site, string yaml)
    {
        var path = Path.Combine(site.Folder, "declared.yaml");
        await File.WriteAllTextAsync(path, yaml.Replace("{sandbox}", site.Sandbox.BaseUrl.ToString(), StringComparison.Ordinal));
        return path;
    }
}
