using System.Text.Json;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

/// <summary>Bills at the command line.</summary>
public sealed class ReconcileCommandTests : IDisposable
{
    private readonly CommandRunner _runner = new();
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _runner.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_is_imported_once_by_its_mapping()
    {
        await StartAsync();
        var mapping = await FileAsync("mapping.json", """{"day":"day","model":"model","class":"class","quantity":"n","amount":"cents","isInCents":true,"classes":{"in":"input"}}""");
        var bill = await FileAsync("bill.csv", "day,model,class,n,cents\n2026-10-01,m,in,10,125\n2026-10-03,m,output,10,75\n");
        string[] command = ["reconcile", "import", "main", "-f", bill, "--format", "csv", "--mapping", mapping, "--json"];

        var ran = await _runner.RunOnDataAsync(command);

        ran.Code.Should().Be(0, ran.Error);
        var document = JsonDocument.Parse(ran.Output).RootElement;
        document.GetProperty("amountUsd").GetString().Should().Be("2");
        document.GetProperty("to").GetString().Should().Be("2026-10-03");
        document.GetProperty("isNew").GetBoolean().Should().BeTrue();
        JsonDocument.Parse((await _runner.RunOnDataAsync(command)).Output).RootElement.GetProperty("isNew").GetBoolean().Should().BeFalse();
        (await _runner.RunOnDataAsync("audit", "export")).Output.Should().Contain("\"import\"").And.Contain("sha256");
    }

    [Fact]
    public async Task What_is_wrong_is_told_in_one_line_and_nothing_is_changed()
    {
        await StartAsync();
        var mapping = await FileAsync("mapping.json", """{"classes":{"in":"thoughts"}}""");
        var bill = await FileAsync("bill.csv", "BilledCost,BillingCurrency,ChargePeriodStart,SkuId\n1,USD,2026-10-01,m\n-1,USD,2026-10-01,m\n");
        (await ImportAsync("main", bill, "focus_csv")).Should().Contain("line 3: its amount is negative").And.EndWith("nothing was changed");
        (await ImportAsync("main", bill, "pdf")).Should().Contain("--format is one of");
        (await ImportAsync("second", bill, "focus_csv")).Should().Contain("there is no provider account 'second'");
        (await ImportAsync("main", bill, "focus_csv", "--mapping", mapping)).Should().Contain("is no mapping");
        (await ImportAsync("main", bill, "focus_csv", "--from", "1.10.2026")).Should().Contain("--from is no day");
        (await ImportAsync("main", _folder.File("nowhere"), "focus_csv")).Should().Contain("does not exist");
        (await _runner.RunOnDataAsync("reconcile", "fetch", "main", "--from", "2026-10-02", "--to", "2026-10-01")).Error.Should().Contain("--to is before --from");
        (await _runner.RunOnDataAsync("reconcile", "fetch", "main", "--from", "2026-10-01", "--to", "2026-10-01")).Error.Should().Contain("the credential is not there where this runs");
    }

    private async Task<string> ImportAsync(string account, string file, string format, params string[] more)
    {
        var ran = await _runner.RunOnDataAsync(["reconcile", "import", account, "-f", file, "--format", format, .. more]);
        ran.Code.Should().NotBe(0);
        return ran.Error.Trim();
    }

    private async Task<string> FileAsync(string name, string text)
    {
        await File.WriteAllTextAsync(_folder.File(name), text, Cancel);
        return _folder.File(name);
    }

    private async Task StartAsync()
    {
        var file = await FileAsync("acme.yaml", """
            organization: {slug: acme, name: Acme}
            providerAccounts:
              - {slug: main, provider: openai, credential: {env: SPENDRA_TEST_NO_SUCH_KEY}}
            """);
        (await _runner.RunOnDataAsync("apply", "-f", file)).Code.Should().Be(0);
    }
}
