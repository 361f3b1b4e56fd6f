using Microsoft.Playwright;
using Spendra.Testing;

namespace Spendra.Tests.Browser;

/// <summary>The browser of all tests of pages: Debian's, started once, without a window.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = ChromiumBinary.Find(),
            // Tests may run as root, where Chromium has no sandbox to offer. It visits nothing but this machine.
            Args = ["--no-sandbox", "--disable-gpu"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
