using System.Globalization;
using System.Text.RegularExpressions;
using Spendra.Settings;
using Spendra.Testing;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Deploy;

/// <summary>The units of systemd, as systemd itself reads them, and the settings that come with them.</summary>
public sealed partial class UnitTests : IDisposable
{
    private const double ExposureAllowed = 2.0;

    private static readonly string Folder = Path.Combine(SpendraProcess.Root, "deploy", "systemd");

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Units => ["spendra.service", "spendra@.service"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Units))]
    public async Task Systemd_knows_every_line_of_it(string unit)
    {
        (await VerifyAsync(unit, text => text)).ToString().Should().StartWith("exit code 0").And.NotContain("Unknown").And.NotContain(Name(unit));

        var misspelt = await VerifyAsync(unit, text => text.Replace("NoNewPrivileges=", "NoNewPrivilege="));
        misspelt.ToString().Should().Contain("Unknown key 'NoNewPrivilege'");
    }

    [Theory]
    [MemberData(nameof(Units))]
    public async Task It_may_do_little(string unit)
    {
        SkipWithoutSystemd();
        (await ExposureAsync(unit, text => text)).Should().BeLessThanOrEqualTo(ExposureAllowed);
        (await ExposureAsync(unit, text => text.Replace("CapabilityBoundingSet=\n", "").Replace("ProtectSystem=strict\n", ""))).Should().BeGreaterThan(ExposureAllowed);
    }

    [Fact]
    public void The_unit_of_a_role_is_hardened_as_that_of_all()
    {
        var (all, one) = (File.ReadAllLines(Path.Combine(Folder, "spendra.service")), File.ReadAllLines(Path.Combine(Folder, "spendra@.service")));
        string[] mayDiffer = ["#", "Description=", "ExecStart=", "EnvironmentFile=-/etc/spendra/%i.env"];

        one.Where(IsCommon).Should().Equal(all.Where(IsCommon));
        one.Should().Contain("ExecStart=/opt/spendra/spendra serve --role %i");

        bool IsCommon(string line) => !mayDiffer.Any(start => line.StartsWith(start, StringComparison.Ordinal));
    }

    [Fact]
    public void The_settings_that_come_with_it_are_read_and_a_stop_leaves_time_for_the_drain()
    {
        var options = SettingsLoader.Load(SettingSource.CommandLine(), new Dictionary<string, string>(), Path.Combine(Folder, "spendra.json"));

        options.Data.Should().Be("/var/lib/spendra");
        var unit = File.ReadAllText(Path.Combine(Folder, "spendra.service"));
        int.Parse(StopSeconds().Match(unit).Groups[1].Value, CultureInfo.InvariantCulture).Should().BeGreaterThanOrEqualTo(options.Gateway.DrainSeconds + 10);
        unit.Should().Contain("\nStateDirectory=spendra\n").And.Contain("\nWorkingDirectory=/etc/spendra\n");
    }

    /// <summary>What stands there as a comment is for PostgreSQL, and must be right as well.</summary>
    [Fact]
    public async Task The_settings_for_PostgreSQL_are_read_when_they_take_the_place_of_the_folder()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "spendra.json"), TestContext.Current.CancellationToken);
        text = text.Replace("// \"", "\"").Replace("\"data\": \"/var/lib/spendra\",", "");
        text = text.Replace("\"…\"", $"\"{Convert.ToBase64String(new byte[32])}\"");
        await File.WriteAllTextAsync(_folder.File("spendra.json"), text, TestContext.Current.CancellationToken);

        var options = SettingsLoader.Load(SettingSource.CommandLine(), new Dictionary<string, string>(), _folder.File("spendra.json"));

        options.Database.ToString().Should().Contain("127.0.0.1").And.NotContain("PASSWORD");
        options.MasterKey.Should().NotBeNull();
        options.Control.PublicUrl.Should().Be(new Uri("https://spendra.acme.example"));
        options.Control.TrustedProxies.Should().ContainSingle();
    }

    private async Task<CommandResult> VerifyAsync(string unit, Func<string, string> edit)
    {
        SkipWithoutSystemd();
        return await AnalyzeAsync(unit, edit, "verify", "--man=no", "--recursive-errors=no");
    }

    private async Task<double> ExposureAsync(string unit, Func<string, string> edit)
    {
        var said = await AnalyzeAsync(unit, edit, "security", "--offline=true", "--no-pager");
        return double.Parse(Exposure().Match(said.Output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>systemd looks whether the program is there: the one of this test is.</summary>
    private async Task<CommandResult> AnalyzeAsync(string unit, Func<string, string> edit, params string[] arguments)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, unit), TestContext.Current.CancellationToken);
        var path = _folder.File(Name(unit));
        await File.WriteAllTextAsync(path, edit(text).Replace("/opt/spendra/spendra", "/bin/true"), TestContext.Current.CancellationToken);
        return await SpendraProcess.RunAsync("systemd-analyze", [.. arguments, path], Manifests.NoVariables, _folder.Path);
    }

    private static string Name(string unit) => unit.Replace("@.", "@gateway.");

    private static void SkipWithoutSystemd() => Assert.SkipUnless(Manifests.IsInstalled("systemd-analyze"), "systemd-analyze is not installed");

    [GeneratedRegex(@"^TimeoutStopSec=(\d+)$", RegexOptions.Multiline)]
    private static partial Regex StopSeconds();

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();
}
