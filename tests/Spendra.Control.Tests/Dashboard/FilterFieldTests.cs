using Spendra.Control.Dashboard.Parts;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>Filters as people type them and as addresses have them.</summary>
public sealed class FilterFieldTests
{
    [Theory]
    [InlineData(FilterKind.Text, "team/search", "team/search")]
    [InlineData(FilterKind.Day, "2026-11-01T00:00:00Z", "2026-11-01")]
    [InlineData(FilterKind.Instant, "2026-11-01T09:30:05Z", "2026-11-01T09:30:05")]
    [InlineData(FilterKind.Choice, "late", "late")]
    public void What_is_typed_is_what_the_address_has(FilterKind kind, string parameter, string typed)
    {
        var field = new FilterField("name", "Label", kind) { Choices = ["settled", "late"] };
        field.Typed(parameter).Should().Be(typed);
        field.Parameter(typed).Should().Be(parameter);
        field.Typed(null).Should().BeEmpty();
        field.Parameter("  ").Should().BeNull();
    }

    [Fact]
    public void An_address_with_an_offset_is_shown_in_utc_and_one_that_is_no_instant_as_nothing()
    {
        var field = new FilterField("from", "From", FilterKind.Instant);
        field.Typed("2026-11-01T01:00:00+01:00").Should().Be("2026-11-01T00:00:00");
        field.Typed("yesterday").Should().BeEmpty();
        field.Parameter("2026-11-01T09:30").Should().Be("2026-11-01T09:30:00Z");
    }

    [Fact]
    public void Where_something_is_always_chosen_the_first_choice_needs_no_parameter()
    {
        var field = new FilterField("by", "By", FilterKind.Choice) { Choices = ["provider", "model"], Any = null };
        field.Typed(null).Should().Be("provider");
        field.Parameter("provider").Should().BeNull();
        field.Parameter("model").Should().Be("model");
    }
}
