using System.Net;
using Microsoft.Playwright;

namespace Spendra.Tests.Browser;

/// <summary>As somebody who has read nothing: a call is refused, the budget is raised on its page, and the call is allowed.</summary>
public abstract class FirstMinutesContract(Chromium chromium, DemoSite demo)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refused_raised_and_allowed()
    {
        (await demo.CallAsync("grace", Cancel)).Should().Be(HttpStatusCode.PaymentRequired);

        await using var ida = await Visitor.ComeAsync(chromium.Browser, demo.Url);
        await ida.SignInAsync("ida@acme.example", demo.Password);
        await ida.AliveAsync();
        await ida.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Budgets" }).ClickAsync();
        await ida.Page.GetByRole(AriaRole.Link, new() { Name = "grace-tiny" }).ClickAsync();
        await ida.Page.GetByLabel("Amount of each window, USD").FillAsync("5");
        await ida.Page.GetByRole(AriaRole.Button, new() { Name = "Change the amount" }).ClickAsync();
        await Assertions.Expect(ida.Page.Locator(".proof")).ToContainTextAsync("limit $5.00");

        (await demo.CallAsync("grace", Cancel)).Should().Be(HttpStatusCode.OK);
        // It arrives by itself: nobody reloads the page.
        await Assertions.Expect(ida.Page.Locator(".proof")).Not.ToContainTextAsync("settled $0.00");
        ida.Complaints.Should().BeEmpty();
    }
}

public sealed class FirstMinutesSqliteTests(Chromium chromium, DemoSite demo)
    : FirstMinutesContract(chromium, demo), IClassFixture<Chromium>, IClassFixture<DemoSite>;

public sealed class FirstMinutesPostgresTests(Chromium chromium, PostgresDemoSite demo)
    : FirstMinutesContract(chromium, demo), IClassFixture<Chromium>, IClassFixture<PostgresDemoSite>;
