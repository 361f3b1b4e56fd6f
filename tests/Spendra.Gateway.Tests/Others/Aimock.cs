using Spendra.Testing;

namespace Spendra.Gateway.Tests.Others;

/// <summary>
/// <c>@copilotkit/aimock</c>, a provider of all dialects that others wrote, as a process of its own, and two companies
/// with the same rules: one has its accounts there, the other at the sandbox.
/// </summary>
public sealed class Aimock : IAsyncLifetime
{
    private const string Listening = "listening on ";

    private TestProcess? _process;
    private Company? _there;
    private Company? _here;

    internal Company There => _there!;

    internal Company Here => _here!;

    public async ValueTask InitializeAsync()
    {
        var clients = ClientsFolder();
        Directory.Exists(Path.Combine(clients, "node_modules", "@copilotkit", "aimock")).Should().BeTrue(
            "the mock provider must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        _process = TestProcess.Start("node", ["aimock.mjs"], workingDirectory: clients);
        var line = await _process.WaitForLineAsync(l => l.StartsWith(Listening, StringComparison.Ordinal));
        var rules = GeminiBodies.Of(Claude.ClaudeRules.Of(Formats.Rules()));
        _there = await Company.StartAsync(At(rules, line[Listening.Length..]));
        _here = await Company.StartAsync(rules, provider: Formats.Provider);
    }

    /// <summary>The same accounts at another server. Nothing else differs.</summary>
    private static Rules At(Rules rules, string root) => rules with
    {
        BaseUrl = rules.BaseUrl.Replace("{provider}", root + "/v1"),
        Accounts = [.. rules.Accounts.Select(a => a.Replace("{provider}", root + "/v1").Replace("{root}", root))],
    };

    private static string ClientsFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return Path.Combine(folder.FullName, "tests", "clients");
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_there is not null) await _there.DisposeAsync();
        if (_here is not null) await _here.DisposeAsync();
        if (_process is not null) await _process.DisposeAsync();
    }
}
