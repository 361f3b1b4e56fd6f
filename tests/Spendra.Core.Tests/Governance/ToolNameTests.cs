using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class ToolNameTests
{
    [Theory]
    [InlineData("finder/search", "finder/search", true)]
    [InlineData("finder/*", "finder/search", true)]
    [InlineData("finder/*", "finder/a/b", true)]
    [InlineData("finder/*", "finder/a", true)]
    [InlineData("finder/*", "finder/*", true)]
    [InlineData("finder/*", "finder/", false)]
    [InlineData("finder/*", "finder", false)]
    [InlineData("finder/*", "finders/search", false)]
    [InlineData("finder*", "finder/search", false)]
    [InlineData("find/*", "finder/search", false)]
    [InlineData("finder/a/*", "finder/a/b", false)]
    [InlineData("/*", "/search", true)]
    [InlineData("*", "finder/search", true)]
    [InlineData("search", "finder/search", false)]
    [InlineData("Finder/*", "finder/search", false)]
    public void A_scope_names_a_tool_or_all_of_a_server(string rule, string name, bool isAdmitted) =>
        ToolName.AdmittedBy(Names(rule), name).Should().Be(isAdmitted);

    [Theory]
    [InlineData("finder/search", true)]
    [InlineData("finder/*", true)]
    [InlineData("*", true)]
    [InlineData("finder", false)]
    [InlineData("finders/search", false)]
    [InlineData("other/*", false)]
    public void A_server_is_reached_by_whoever_may_use_one_of_its_tools(string rule, bool isReached) =>
        ToolName.ReachesServer(Names(rule), "finder").Should().Be(isReached);

    [Fact]
    public void An_absent_list_reaches_and_an_empty_one_does_not()
    {
        ToolName.ReachesServer(default, "finder").Should().BeTrue();
        ToolName.ReachesServer(Names(), "finder").Should().BeFalse();
        ToolName.AdmittedBy(default, "finder/search").Should().BeTrue();
        ToolName.AdmittedBy(Names(), "finder/search").Should().BeFalse();
    }

    [Theory]
    [InlineData("finder/search", "finder")]
    [InlineData("finder/a/b", "finder")]
    [InlineData("finder", null)]
    [InlineData("/search", null)]
    public void The_server_stands_before_the_first_slash(string name, string? server) =>
        ToolName.ServerOf(name).Should().Be(server);

    [Fact]
    public void A_tool_has_its_own_price_or_that_of_all_others()
    {
        var book = new PriceBook([Price("finder/search", "0.01"), Price("finder/*", "0.5"), Price("finder/gone", "1") with { EffectiveTo = 5 }]);

        book.FindTool("finder/search", 10)!.Model.Should().Be("finder/search");
        book.FindTool("finder/else", 10)!.Model.Should().Be("finder/*");
        book.FindTool("finder/gone", 10)!.Model.Should().Be("finder/*");
        book.FindTool("other/search", 10).Should().BeNull();
        book.FindTool("search", 10).Should().BeNull();
    }

    [Theory]
    [InlineData("mcp", "finder/search", "finder/search", true)]
    [InlineData("mcp", "finder/*", "finder/search", true)]
    [InlineData("mcp", "finder/*", "other/search", false)]
    [InlineData("mcp", "finder/else", "finder/search", false)]
    [InlineData("openrouter", "finder/*", "finder/search", false)]
    public void Calls_pin_the_price_of_their_tool_or_server(string provider, string priced, string called, bool isFor) =>
        ToolPrice.IsFor(Price(priced, "1") with { Provider = provider }, provider, called).Should().Be(isFor);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.000000001", 1)]
    [InlineData("0.01", 10_000_000)]
    [InlineData("1000", 1_000_000_000_000)]
    public void A_call_costs_exactly_its_price(string usd, long nanos)
    {
        var price = Price("finder/search", usd);

        Cost.Of(price, ToolPrice.OneCall).Value.Should().Be(nanos);
        Cost.Bound(price, new UnitBound(0, 0) { Pieces = ToolPrice.OneCall.Others })!.Value.Value.Should().Be(nanos);
    }

    // A million times this price wraps around to less than a nano-USD a call.
    [Theory]
    [InlineData(18_446_744_073_710)]
    [InlineData(long.MaxValue)]
    public void A_price_whose_rate_does_not_fit_throws_instead_of_wrapping(long nanos) =>
        FluentActions.Invoking(() => ToolPrice.CardOf(new NanoUsd(nanos))).Should().Throw<OverflowException>();

    private static PriceVersion Price(string name, string usd) => new()
    {
        PriceId = Id(900), Provider = KnownProvider.Mcp, Model = name, Rates = ToolPrice.CardOf(Usd(usd)),
        EffectiveFrom = 0, RecordedAt = 0, Source = "test",
    };
}
