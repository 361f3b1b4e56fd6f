namespace Spendra.Control.Dashboard;

/// <summary>Light or dark: as the device says, until somebody chooses.</summary>
internal static class ThemeChoice
{
    /// <summary>Kept by the browser and read before the first paint, so that nothing flashes.</summary>
    public const string Cookie = "spendra-theme";
}
