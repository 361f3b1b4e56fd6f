using Bunit;
using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Charts;
using Spendra.Control.Dashboard.Parts;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

public sealed class PartsTests : IAsyncDisposable
{
    private readonly BunitContext _page = new();

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Theory]
    [InlineData(100, 25, 10, "settled", "25", "10")]
    [InlineData(100, 95, 10, "settled", "95", "5")]
    [InlineData(100, 120, 0, "over", "100", "0")]
    [InlineData(0, 0, 0, "settled", "0", "0")]
    public void A_meter_draws_what_is_settled_and_reserved_and_says_it(long limit, long settled, long reserved, string first, string width, string held)
    {
        var meter = _page.Render<Meter>(p => p
            .Add(m => m.Limit, NanoUsd.FromUsd(limit)).Add(m => m.Settled, NanoUsd.FromUsd(settled)).Add(m => m.Reserved, NanoUsd.FromUsd(reserved)));
        var drawn = meter.FindAll("rect");
        drawn[0].ClassName.Should().Be(first);
        drawn[0].GetAttribute("width").Should().Be(width);
        drawn[1].GetAttribute("width").Should().Be(held);
        meter.Find("[role=img]").GetAttribute("aria-label").Should().Be($"${settled:N2} settled and ${reserved:N2} reserved of ${limit:N2}");
    }

    [Fact]
    public void A_burn_down_has_a_line_a_limit_and_a_band_only_where_somebody_can_say()
    {
        var without = _page.Render<BurnDown>(p => p.Add(b => b.Spent, [NanoUsd.FromUsd(1)]).Add(b => b.Days, 30));
        without.FindAll(".band").Should().BeEmpty();
        without.FindAll(".limit").Should().BeEmpty();

        var with = _page.Render<BurnDown>(p => p.Add(b => b.Spent, [NanoUsd.FromUsd(1), NanoUsd.FromUsd(2)]).Add(b => b.Days, 30)
            .Add(b => b.Limit, NanoUsd.FromUsd(50)).Add(b => b.Ahead, new Forecast(NanoUsd.FromUsd(40), NanoUsd.FromUsd(30), NanoUsd.FromUsd(45))));
        with.Find(".band");
        with.Find("svg").GetAttribute("aria-label").Should().Be("$3.00 spent in 2 of 30 days, of a budget of $50.00; $30.00 to $45.00 by the end if it goes on like this");
    }

    [Fact]
    public void A_failure_says_what_happened_what_to_do_and_its_request_id()
    {
        var problem = new PageProblem(400, "The request is not valid.", "The fields are not as expected.", "0199c3e4")
        {
            Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["amountUsd"] = ["is negative."] },
        };
        var text = _page.Render<Failure>(p => p.Add(f => f.Problem, problem)).Find("[role=alert]").TextContent;
        text.Should().Contain(problem.Title).And.Contain(problem.Detail).And.Contain("amountUsd is negative.").And.Contain("0199c3e4");
        _page.Render<Failure>(p => p.Add(f => f.Problem, null)).Markup.Trim().Should().BeEmpty();
    }

    [Fact]
    public void Who_is_signed_out_is_led_to_where_they_can_sign_in() =>
        _page.Render<Failure>(p => p.Add(f => f.Problem, new PageProblem(401, "Sign in first.", "Sign in.", null))).Find("a").GetAttribute("href").Should().Be("/sign-in");

    [Fact]
    public void An_instant_is_told_in_the_organizations_zone_and_in_utc_to_whoever_asks()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Madrid");
        RenderFragment instant = builder =>
        {
            builder.OpenComponent<Instant>(0);
            builder.AddAttribute(1, nameof(Instant.Value), new DateTime(2026, 10, 31, 23, 0, 0, DateTimeKind.Utc));
            builder.CloseComponent();
        };
        var shown = _page.Render<CascadingValue<TimeZoneInfo>>(p => p.Add(c => c.Name, "Zone").Add(c => c.Value, zone).AddChildContent(instant)).Find("time");
        shown.TextContent.Should().Be("1 Nov 2026 00:00");
        shown.GetAttribute("title").Should().Be("2026-10-31 23:00:00.000000 UTC");
    }

    [Fact]
    public void A_field_names_what_is_wrong_with_it_alone()
    {
        var problem = PageProblem.NotAnAmount("amountUsd");
        _page.Render<Field>(p => p.Add(f => f.Id, "amount").Add(f => f.Label, "Amount").Add(f => f.Name, "amountUsd").Add(f => f.Problem, problem))
            .Find(".wrong").TextContent.Should().Contain("amountUsd");
        _page.Render<Field>(p => p.Add(f => f.Id, "reason").Add(f => f.Label, "Why").Add(f => f.Name, "reason").Add(f => f.Problem, problem)).FindAll(".wrong").Should().BeEmpty();
    }
}
