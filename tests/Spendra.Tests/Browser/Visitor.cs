using System.Text.Json;
using Microsoft.Playwright;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Browser;

/// <summary>Somebody with a browser of their own. What their browser complains of, pages have to answer for.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    private static readonly Lazy<string> Axe = new(() => File.ReadAllText(Path.Combine(SpendraProcess.Root, "tests/clients/node_modules/axe-core/axe.min.js")));

    private readonly IBrowserContext _context;
    private readonly string _url;
    private readonly List<string> _complaints = [];

    private Visitor(IBrowserContext context, IPage page, string url)
    {
        (_context, Page, _url) = (context, page, url);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings of the browser's console, and what scripts threw.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <param name="browser">Whose context is made.</param>
    /// <param name="url">Of the server.</param>
    /// <param name="isTested">The script that looks for violations comes with every page; the page's own policy holds all the same.</param>
    public static async Task<Visitor> ComeAsync(IBrowser browser, string url, bool isTested = false)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = Desktop, ReducedMotion = ReducedMotion.Reduce, Locale = "en-GB",
        });
        if (isTested) await context.AddInitScriptAsync(Axe.Value);
        return new Visitor(context, await context.NewPageAsync(), url);
    }

    public static ViewportSize Desktop => new() { Width = 1360, Height = 900 };

    public static ViewportSize Phone => new() { Width = 390, Height = 844 };

    public async Task SignInAsync(string email, string password, string query = "")
    {
        await Page.GotoAsync($"{_url}/sign-in{query}");
        await Page.GetByLabel("E-mail address").FillAsync(email);
        await Page.GetByLabel("Password", new PageGetByLabelOptions { Exact = true }).FillAsync(password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await Page.WaitForURLAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
    }

    /// <summary>Opens a page and waits until it is alive.</summary>
    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(_url + path);
        await AliveAsync();
    }

    /// <summary>Until the page has its connection: before, buttons do nothing yet.</summary>
    public async Task AliveAsync()
    {
        await Page.Locator("[data-alive]").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await Assertions.Expect(Page.Locator(".loading")).ToHaveCountAsync(0);
    }

    /// <summary>What the accessibility rules of axe find, in a line each; nothing when all is well.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        var found = await Page.EvaluateAsync<JsonElement>("async () => (await axe.run()).violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')}`)");
        return [.. found.EnumerateArray().Select(v => v.GetString()!)];
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
