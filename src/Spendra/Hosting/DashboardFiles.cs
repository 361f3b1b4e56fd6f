namespace Spendra.Hosting;

/// <summary>Styles, scripts and pictures of the dashboard, as the build lists them: named by what is in them, and kept by browsers.</summary>
internal static class DashboardFiles
{
    private const string Manifest = "spendra.staticwebassets.endpoints.json";

    /// <summary>A server within another program, as tests start it, has no list and serves no files.</summary>
    public static void MapDashboardFiles(this WebApplication app)
    {
        if (!File.Exists(Path.Combine(AppContext.BaseDirectory, Manifest))) return;
        app.MapStaticAssets().WithMetadata(new PublicMark("the files hold nothing of anybody; the page to sign in on needs them as well"));
    }
}
