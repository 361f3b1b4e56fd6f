using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Spendra.Control.Dashboard;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Browser;

/// <summary>Every page: for the org admin light and dark, on a desktop and on a phone; for every role what it is offered.</summary>
public sealed partial class PagesTests(Chromium chromium, DemoSite demo) : IClassFixture<Chromium>, IClassFixture<DemoSite>
{
    private static readonly string[] People = ["ida", "niklaus", "jean", "luca", "margaret", "grace", "vera"];

    /// <summary>Beyond those of the navigation.</summary>
    private static readonly string[] Details =
    [
        "welcome", "budgets?view=tree", "explore?view=flow", "members?tab=invitations&new=invitation", "members?tab=tokens", "members?tab=roles",
        "hierarchy?scope=team/search", "providers?new=account", "providers/claude", "prices?tab=proposals", "notifications?tab=rules", "reconciliation?tab=bills",
        "alerts?state=open", "audit?open=1", "approvals?state=all",
        "budgets/acme-month", "keys/ada", "keys?new=key", "policies/acme-alert", "policies/new", "ledger/entries", "ledger/reservations", "ledger/refusals",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IEnumerable<string> Paths => DashboardNavigation.Groups.SelectMany(g => g.Entries).Select(e => e.Path).Concat(Details);

    [Fact]
    public async Task No_page_has_a_violation_or_a_complaint_and_none_scrolls_sideways()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(SpendraProcess.Root, "artifacts", "screenshots")).FullName;
        var wrong = new StringBuilder();
        await using var ida = await Visitor.ComeAsync(chromium.Browser, demo.Url, isTested: true);
        foreach (var path in (string[])["/sign-in", "/setup", "/invitation", "/password", "/nothing-here"]) await LookAsync(ida, path, isAlive: false);
        await ida.SignInAsync("ida@acme.example", demo.Password);
        await LookAsync(ida, "/account", isAlive: false);
        foreach (var path in Paths) await LookAsync(ida, $"/org/acme/{path}", isAlive: true);
        wrong.ToString().Should().BeEmpty();
        ida.Complaints.Should().BeEmpty();

        async Task LookAsync(Visitor visitor, string path, bool isAlive)
        {
            var page = visitor.Page;
            if (isAlive) await visitor.OpenAsync(path);
            else await page.GotoAsync(demo.Url + path);
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                foreach (var size in (ViewportSize[])[Visitor.Phone, Visitor.Desktop])
                {
                    await page.SetViewportSizeAsync(size.Width, size.Height);
                    var isWide = await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > document.documentElement.clientWidth");
                    if (isWide) wrong.AppendLine($"{path} at {size.Width}: scrolls sideways");
                    var name = $"{Name().Replace(path.Trim('/'), "-")}-{scheme}-{(size.Width == Visitor.Phone.Width ? "phone" : "desktop")}.png".ToLowerInvariant();
                    await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(pictures, name), FullPage = true });
                }
                foreach (var violation in await visitor.ViolationsAsync()) wrong.AppendLine($"{path} {scheme}: {violation}");
            }
        }
    }

    /// <summary>Parts of a page that have parameters of the address come and go while everybody is told of a new address.</summary>
    [Fact]
    public async Task Every_tab_is_reached_by_its_link_and_the_page_stays_alive()
    {
        await using var ida = await Visitor.ComeAsync(chromium.Browser, demo.Url);
        await ida.SignInAsync("ida@acme.example", demo.Password);
        foreach (var path in (string[])["members", "notifications", "prices", "reconciliation", "ledger", "explore", "budgets", "approvals"])
        {
            await ida.OpenAsync($"/org/acme/{path}");
            var tabs = ida.Page.Locator(".tabs a");
            for (var tab = await tabs.CountAsync() - 1; tab >= 0; tab--)
            {
                await tabs.Nth(tab).ClickAsync();
                await Assertions.Expect(ida.Page.Locator(".tabs a[aria-current]")).ToHaveTextAsync((await tabs.Nth(tab).TextContentAsync())!);
                await Assertions.Expect(ida.Page.Locator(".loading")).ToHaveCountAsync(0);
            }
        }
        ida.Complaints.Should().BeEmpty();
    }

    /// <summary>What opens beside or above a page takes the keyboard, keeps the rules, and gives the keyboard back to what opened it.</summary>
    [Fact]
    public async Task Drawers_and_questions_are_opened_and_closed_by_keyboard_and_have_no_violation()
    {
        var wrong = new StringBuilder();
        await using var ida = await Visitor.ComeAsync(chromium.Browser, demo.Url, isTested: true);
        await ida.SignInAsync("ida@acme.example", demo.Password);
        foreach (var path in (string[])["hierarchy", "ledger", "ledger/refusals", "members", "audit"])
        {
            await ida.OpenAsync($"/org/acme/{path}");
            await TryAsync(path, ida.Page.Locator("tbody a").First, ida.Page.Locator(".drawer"));
        }
        await ida.OpenAsync("/org/acme/hierarchy");
        await TryAsync("hierarchy, new", ida.Page.GetByRole(AriaRole.Link, new() { Name = "New scope" }), ida.Page.Locator(".drawer"));
        await ida.OpenAsync("/org/acme/keys/ada");
        await TryAsync("keys/ada, revoke", ida.Page.GetByRole(AriaRole.Button, new() { Name = "Revoke it" }), ida.Page.GetByRole(AriaRole.Dialog));
        await ida.OpenAsync("/org/acme/policies/acme-alert");
        await TryAsync("policies/acme-alert, archive", ida.Page.GetByRole(AriaRole.Button, new() { Name = "Archive it" }), ida.Page.GetByRole(AriaRole.Dialog));
        foreach (var path in (string[])["tools?new=server", "prices?tab=proposals&new=proposal", "notifications?new=channel", "notifications?tab=rules&new=rule", "members?tab=tokens&new=token"])
        {
            await ida.OpenAsync($"/org/acme/{path}");
            await NoteAsync(path);
        }
        wrong.ToString().Should().BeEmpty();
        ida.Complaints.Should().BeEmpty();

        async Task TryAsync(string what, ILocator opener, ILocator opened)
        {
            await opener.FocusAsync();
            await ida.Page.Keyboard.PressAsync("Enter");
            await opened.WaitForAsync();
            await Assertions.Expect(ida.Page.Locator(".loading")).ToHaveCountAsync(0);
            await ida.Page.WaitForFunctionAsync("() => document.activeElement.closest('.drawer, [role=dialog]') !== null");
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await ida.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                await NoteAsync($"{what} {scheme}");
            }
            await ida.Page.Keyboard.PressAsync("Escape");
            await Assertions.Expect(opened).ToHaveCountAsync(0);
            await Assertions.Expect(opener).ToBeFocusedAsync();
        }

        async Task NoteAsync(string what)
        {
            foreach (var violation in await ida.ViolationsAsync()) wrong.AppendLine($"{what}: {violation}");
        }
    }

    [Fact]
    public async Task A_picture_without_words_and_an_error_would_be_noticed()
    {
        await using var visitor = await Visitor.ComeAsync(chromium.Browser, demo.Url, isTested: true);
        await visitor.Page.SetContentAsync("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='><script>console.error('a complaint')</script>");
        (await visitor.ViolationsAsync()).Should().Contain(v => v.StartsWith("image-alt", StringComparison.Ordinal));
        visitor.Complaints.Should().Contain("a complaint");
    }

    /// <summary>
    /// What each role is offered on each page, from <c>actions.txt</c>: buttons, and links that look like them. A page that a role is
    /// not led to shows it nothing but a refusal, and no page offers what its visitor may not do.
    /// </summary>
    [Fact]
    public async Task Every_role_is_offered_exactly_what_the_table_says()
    {
        var table = new StringBuilder();
        foreach (var person in People)
        {
            using var http = await demo.SignInAsync($"{person}@acme.example", Cancel);
            foreach (var path in Paths)
            {
                var (status, main) = await SeeAsync(http, path);
                // It took too long to be sent whole.
                while (main.Contains("class=\"loading\"", StringComparison.Ordinal)) (status, main) = await SeeAsync(http, path);
                var state = main.Contains("class=\"failure\"", StringComparison.Ordinal) ? "refused" : "shown";
                var offered = string.Join(", ", Offer().Matches(main).Select(m => Space().Replace(Tag().Replace(m.Groups[1].Value, ""), " ").Trim()).Where(t => t.Length > 0).Distinct());
                table.AppendLine($"{person,-9} {(path.Length == 0 ? "overview" : path),-22} {(int)status} {state}: {Month().Replace(offered, "MONTH")}".TrimEnd());
            }
        }
        var expected = Path.Combine(SpendraProcess.Root, "tests/Spendra.Tests/Browser/actions.txt");
        await File.WriteAllTextAsync(Path.Combine(SpendraProcess.Root, "artifacts", "actions.txt"), table.ToString(), Cancel);
        table.ToString().Should().Be(await File.ReadAllTextAsync(expected, Cancel), "artifacts/actions.txt has what is offered now: look at each difference");
    }

    private static async Task<(HttpStatusCode Status, string Main)> SeeAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri($"/org/acme/{path}", UriKind.Relative), Cancel);
        var html = await response.Content.ReadAsStringAsync(Cancel);
        return (response.StatusCode, html[html.IndexOf("<main", StringComparison.Ordinal)..html.IndexOf("</main>", StringComparison.Ordinal)]);
    }

    [GeneratedRegex(@"<(?:button(?![^>]*data-source)[^>]*|a class=""button[^>]*)>(.*?)</(?:button|a)>", RegexOptions.Singleline)]
    private static partial Regex Offer();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\b[A-Z][a-z]{2} \d{4}\b")]
    private static partial Regex Month();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex("[^a-z0-9]+", RegexOptions.IgnoreCase)]
    private static partial Regex Name();
}
