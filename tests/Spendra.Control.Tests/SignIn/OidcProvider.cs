using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Spendra.Testing;

namespace Spendra.Control.Tests.SignIn;

/// <summary>The npm package <c>oidc-provider</c> as a process of its own, and somebody who signs in there at a browser.</summary>
internal sealed partial class OidcProvider : IAsyncDisposable
{
    public const string ClientSecret = "a client secret that only the test knows";

    private const string Listening = "listening on ";

    private readonly TestProcess _process;

    private OidcProvider(TestProcess process, Uri issuer)
    {
        _process = process;
        Issuer = issuer;
    }

    public Uri Issuer { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="redirect">Where it sends people back to.</param>
    public static async Task<OidcProvider> StartAsync(string redirect)
    {
        var clients = ClientsFolder();
        Directory.Exists(Path.Combine(clients, "node_modules", "oidc-provider")).Should().BeTrue(
            "the provider must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var process = TestProcess.Start("node", ["oidc-provider.mjs", redirect],
            new Dictionary<string, string?> { ["CLIENT_SECRET"] = ClientSecret }, clients);
        var line = await process.WaitForLineAsync(l => l.StartsWith(Listening, StringComparison.Ordinal));
        return new OidcProvider(process, new Uri(line[Listening.Length..]));
    }

    /// <summary>Goes the whole way from Spendra there and back, as a browser does.</summary>
    /// <param name="browser">With Spendra's cookies.</param>
    /// <param name="claims">Who signs in there.</param>
    /// <param name="path">Where to go afterwards.</param>
    /// <returns>The address with which the provider sends the browser back to Spendra.</returns>
    public async Task<Uri> VisitAsync(Browser browser, object claims, string path = "/")
    {
        using var challenge = await browser.Http.GetAsync($"{Browser.Session}/openid-connect?return={Uri.EscapeDataString(path)}", Cancel);
        challenge.StatusCode.Should().Be(HttpStatusCode.Redirect, await challenge.Content.ReadAsStringAsync(Cancel));
        using var handler = new HttpClientHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false };
        using var there = new HttpClient(handler) { BaseAddress = Issuer };
        using var known = await there.PostAsJsonAsync("/people", claims, Cancel);
        var subject = JsonSerializer.SerializeToElement(claims).GetProperty("sub").GetString()!;
        var next = challenge.Headers.Location!;
        for (var step = 0; step < 20; step++)
        {
            if (!next.IsAbsoluteUri) next = new Uri(Issuer, next);
            if (next.GetLeftPart(UriPartial.Authority) != Issuer.GetLeftPart(UriPartial.Authority)) return next;
            using var page = await there.GetAsync(next, Cancel);
            if (page.Headers.Location is { } moved)
            {
                next = moved;
                continue;
            }
            next = await SubmitAsync(there, await page.Content.ReadAsStringAsync(Cancel), subject);
        }
        throw new InvalidOperationException($"the provider does not let go: {next}");
    }

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    private static async Task<Uri> SubmitAsync(HttpClient there, string page, string subject)
    {
        var action = Action().Match(page);
        action.Success.Should().BeTrue(page);
        var prompt = Prompt().Match(page).Groups["prompt"].Value;
        var form = new Dictionary<string, string> { ["prompt"] = prompt, ["login"] = subject, ["password"] = "any" };
        using var answer = await there.PostAsync(new Uri(there.BaseAddress!, action.Groups["address"].Value), new FormUrlEncodedContent(form), Cancel);
        return answer.Headers.Location ?? throw new InvalidOperationException(await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static string ClientsFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return Path.Combine(folder.FullName, "tests", "clients");
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }

    [GeneratedRegex("action=\"(?<address>[^\"]+)\"")]
    private static partial Regex Action();

    [GeneratedRegex("name=\"prompt\" value=\"(?<prompt>[^\"]+)\"")]
    private static partial Regex Prompt();
}
