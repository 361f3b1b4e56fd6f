using Microsoft.Playwright;
using Spendra.Control.Dashboard;
using Spendra.Control.Members;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Testing;

namespace Spendra.Proof.LargeLedger;

/// <summary>How long people wait for pages of a large organization, in a real browser on the same machine.</summary>
internal static class LargeDashboard
{
    private const string Email = "looker@bench.example";
    private const string Password = "a look at five million rows";

    /// <summary>From the click on a link of the navigation until the page that it leads to has its rows.</summary>
    private const string ClickScript = """
        async ([path, heading, isWhole]) => {
            const link = [...document.querySelectorAll('nav a')].find(a => new URL(a.href).pathname === path);
            const began = performance.now();
            await new Promise(done => {
                const look = () => {
                    if (document.querySelector('h1')?.textContent !== heading || (isWhole && document.querySelector('.loading')) || location.pathname !== path) return;
                    watcher.disconnect();
                    requestAnimationFrame(() => done());
                };
                const watcher = new MutationObserver(look);
                watcher.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
                link.click();
            });
            return performance.now() - began;
        }
        """;

    // Its figures are the whole ledger's, which takes as long as it takes.
    private const string AddedUp = "close";

    private const string PaintScript = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0";

    /// <summary>Prints the first paint of every page of the navigation, opened anew, and how long a click on its link takes.</summary>
    public static async Task MeasureAsync(Uri url, Database database, string organization, int rounds, CancellationToken cancel)
    {
        var added = await OperatorMembers.AddAsync(database, organization, new MemberRequest { Email = Email, Role = "org_admin", Password = Password },
            new ChangeAuthor("bench", "bench"), TimeProvider.System, cancel);
        if (added.Refusal is { } refusal) throw new InvalidOperationException(refusal);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = ChromiumBinary.Find(), Args = ["--no-sandbox", "--disable-gpu"] });
        var page = await browser.NewPageAsync();
        await SignInAsync(page, url);
        Console.WriteLine($"{"page",-20} {"first paint",16} {"a click",16}   median and slowest of {rounds} in ms");
        foreach (var entry in DashboardNavigation.Groups.SelectMany(g => g.Entries))
        {
            var isWhole = entry.Path != AddedUp;
            var path = $"/org/{organization}/{entry.Path}";
            var (paints, clicks) = (new List<double>(), new List<double>());
            for (var round = -1; round < rounds; round++)
            {
                await page.GotoAsync(new Uri(url, path).ToString());
                await AliveAsync(page, isWhole);
                var paint = await page.EvaluateAsync<double>(PaintScript);
                var heading = await page.Locator("h1").TextContentAsync();
                await page.GotoAsync(new Uri(url, $"/org/{organization}/{(entry.Path == "system" ? "audit" : "system")}").ToString());
                await AliveAsync(page, isWhole: true);
                var click = await page.EvaluateAsync<double>(ClickScript, new object[] { path, heading!, isWhole });
                if (round < 0) continue;
                paints.Add(paint);
                clicks.Add(click);
            }
            Console.WriteLine($"{entry.Title,-20} {Figure(paints),16} {Figure(clicks),16}{(isWhole ? "" : "   without its figures")}");
        }
    }

    private static async Task SignInAsync(IPage page, Uri url)
    {
        await page.GotoAsync(new Uri(url, "/sign-in").ToString());
        await page.FillAsync("#email", Email);
        await page.FillAsync("#password", Password);
        await page.ClickAsync("button[type=submit]");
        await page.WaitForURLAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
    }

    private static async Task AliveAsync(IPage page, bool isWhole)
    {
        await page.Locator("[data-alive]").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        if (isWhole) await Assertions.Expect(page.Locator(".loading")).ToHaveCountAsync(0);
    }

    private static string Figure(List<double> times)
    {
        times.Sort();
        return $"{times[times.Count / 2]:F0} / {times[^1]:F0}";
    }
}
