using System.Text.Json;
using Spendra.Storage.Pricing;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

/// <summary>The price book at the command line.</summary>
public sealed class PricesCommandTests : IDisposable
{
    private const string Line = "openrouter,x/new,,,,0.1,0.01,0.1,0.2,web_searches=5000,,,,,,,,1000,100,Somebody's list,2026-11-25\n";

    private static readonly string Header = string.Join(',', PriceFile.Columns) + "\n";

    private readonly CommandRunner _runner = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _runner.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task List_shows_what_is_in_force_at_a_time()
    {
        await StartAsync();
        var now = await JsonAsync("prices", "list", "--provider", "google", "--model", "gemini-4-argon", "--at", "2026-11-30T12:00:00Z");
        var price = now.GetProperty("prices").EnumerateArray().Should().ContainSingle().Subject;
        price.GetProperty("usdPerMillion").GetProperty("output").GetString().Should().Be("10");
        price.GetProperty("usdPerMillion").GetProperty("web_searches").GetString().Should().Be("14000");
        price.GetProperty("effectiveTo").GetString().Should().Be("2026-12-01T00:00:00Z");
        var later = await _runner.RunOnDataAsync("prices", "list", "--model", "gemini-4-argon", "--at", "2026-12-01T00:00:00Z");
        later.Output.Should().Contain("gemini-4-argon").And.Contain("0.2").And.Contain("20");
        (await _runner.RunOnDataAsync("prices", "list", "--model", "gpt")).Output.Should().Contain("an unknown model is refused, never guessed");
        (await _runner.RunOnDataAsync("prices", "list", "--at", "soon")).Error.Should().Contain("--at is not a time with an offset");
    }

    [Fact]
    public async Task Diff_shows_and_changes_nothing()
    {
        await StartAsync();
        var ran = await _runner.RunOnDataAsync("prices", "diff", "-f", await FileAsync(Header + Line));
        ran.Output.Should().Contain("+ new openrouter/x/new").And.Contain("inputUsdPerMillion: 0.1").And.Contain("prices are not offered and stay").And.Contain("1 differ, 0 as in the book");
        (await JsonAsync("prices", "proposals")).GetProperty("proposals").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Import_proposes_and_approval_takes()
    {
        await StartAsync();
        var file = await FileAsync(Header + Line);
        var id = (await JsonAsync("prices", "import", "-f", file)).GetProperty("proposalId").GetString()!;
        (await ListedAsync("x/new")).Should().BeEmpty();
        (await _runner.RunOnDataAsync("prices", "proposals")).Output.Should().Contain(id).And.Contain("open");
        (await _runner.RunOnDataAsync("prices", "proposals", id)).Output.Should().Contain("+ new openrouter/x/new");

        var approved = await JsonAsync("prices", "approve", id, "--reason", "list of November");

        (approved.GetProperty("decision").GetString(), approved.GetProperty("epoch").GetInt64()).Should().Be(("approved", 2));
        (await ListedAsync("x/new")).Should().ContainSingle().Which.GetProperty("source").GetString().Should().Be("Somebody's list, 2026-11-25");
        var again = await _runner.RunOnDataAsync("prices", "approve", id, "--json");
        (again.Code, Json(again).GetProperty("error").GetProperty("code").GetString()).Should().Be((1, "proposal_refused"));
        (await _runner.RunOnDataAsync("prices", "import", "-f", file)).Output.Should().Contain("0 differ, 1 as in the book");
    }

    [Fact]
    public async Task Import_with_approval_takes_at_once_and_rejection_never()
    {
        await StartAsync();
        (await JsonAsync("prices", "import", "-f", await FileAsync(Header + Line), "--approve")).GetProperty("epoch").GetInt64().Should().Be(2);
        (await ListedAsync("x/new")).Should().ContainSingle();
        var id = (await JsonAsync("prices", "import", "-f", await FileAsync(Header + Line.Replace("0.2", "0.3", StringComparison.Ordinal)))).GetProperty("proposalId").GetString()!;

        (await _runner.RunOnDataAsync("prices", "reject", id)).Output.Should().Contain("the book is as it was");

        (await ListedAsync("x/new")).Single().GetProperty("usdPerMillion").GetProperty("output").GetString().Should().Be("0.2");
    }

    [Fact]
    public async Task A_list_of_openrouter_is_read_to_the_digit()
    {
        await StartAsync();
        var file = await FileAsync("""
            {"data":[{"id":"x/new","pricing":{"prompt":"0.000000003625","completion":0.00001}},{"id":"x/odd","pricing":{"prompt":"1e-6","completion":"0"}}]}
            """);
        var diff = await JsonAsync("prices", "diff", "-f", file);
        diff.GetProperty("differences")[0].GetProperty("fields").EnumerateArray().Should()
            .Contain(f => f.GetProperty("field").GetString() == "inputUsdPerMillion" && f.GetProperty("after").GetString() == "0.003625");
        diff.GetProperty("skipped")[0].GetProperty("reason").GetString().Should().Be("'prompt' is no exact price");
    }

    [Fact]
    public async Task Sync_with_the_built_in_catalog_finds_nothing_new_in_a_new_book_and_every_run_is_recorded()
    {
        await StartAsync();
        var synced = await JsonAsync("prices", "sync", "--from", "catalog");
        synced.GetProperty("differences").GetArrayLength().Should().Be(0);
        var failed = await _runner.RunOnDataAsync("prices", "sync", "--from", "https://127.0.0.1:1/", "--json");
        (failed.Code, Json(failed).GetProperty("error").GetProperty("code").GetString()).Should().Be((1, "sync_failed"));
        failed.Error.Should().Contain("the address is private, which is not permitted here");
        (await _runner.RunOnDataAsync("prices", "sync", "--from", "/etc/passwd")).Error.Should().Contain("neither openrouter, catalog nor an https address");
        var runs = (await JsonAsync("prices", "runs")).GetProperty("runs");
        runs.EnumerateArray().Select(r => r.GetProperty("outcome").GetString()).Should().Equal("failed", "failed", "unchanged");
        (await _runner.RunOnDataAsync("prices", "runs")).Output.Should().Contain("catalog").And.Contain("unchanged");
    }

    [Fact]
    public async Task A_file_that_is_wrong_says_where()
    {
        await StartAsync();
        (await _runner.RunOnDataAsync("prices", "diff", "-f", "nowhere.csv")).Error.Should().Contain("nowhere.csv does not exist");
        (await _runner.RunOnDataAsync("prices", "import", "-f", await FileAsync(Header + Line.Replace("0.01", "1e2", StringComparison.Ordinal)))).Error
            .Should().Contain("line 2: cached_input is '1e2'").And.Contain("nothing was changed");
        (await _runner.RunOnDataAsync("prices", "approve", "no-id")).Code.Should().Be(2);
    }

    private async Task StartAsync()
    {
        var file = _folder.File("acme.yaml");
        await File.WriteAllTextAsync(file, "organization: {slug: acme}\n");
        (await _runner.RunOnDataAsync("apply", "-f", file)).Code.Should().Be(0);
    }

    private async Task<string> FileAsync(string text)
    {
        var file = _folder.File("prices.txt");
        await File.WriteAllTextAsync(file, text);
        return file;
    }

    private async Task<JsonElement[]> ListedAsync(string model) =>
        [.. (await JsonAsync("prices", "list", "--model", model)).GetProperty("prices").EnumerateArray()];

    private async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var ran = await _runner.RunOnDataAsync([.. arguments, "--json"]);
        ran.Code.Should().Be(0, ran.Error);
        return Json(ran);
    }

    private static JsonElement Json(Ran ran) => JsonDocument.Parse(ran.Output).RootElement;
}
