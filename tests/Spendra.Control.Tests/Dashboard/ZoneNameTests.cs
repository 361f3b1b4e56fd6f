using Spendra.Control.Shell;

namespace Spendra.Control.Tests.Dashboard;

public sealed class ZoneNameTests
{
    [Theory]
    [InlineData("Europe/Madrid", 2026, 12, 1, "2026-11-30T23:00:00Z")]
    [InlineData("UTC", 2026, 12, 1, "2026-12-01T00:00:00Z")]
    // Clocks go from midnight to one there.
    [InlineData("America/Santiago", 2026, 9, 6, "2026-09-06T04:00:00Z")]
    public void A_day_begins_at_its_first_moment(string zone, int year, int month, int day, string utc) =>
        ZoneName.StartOf(new DateOnly(year, month, day), ZoneName.Find(zone)!).Should().Be(DateTimeOffset.Parse(utc));
}
