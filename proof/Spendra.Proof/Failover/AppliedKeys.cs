using System.Text.Json;

namespace Spendra.Proof.Failover;

/// <summary>The secrets that <c>spendra apply --json</c> has printed.</summary>
internal static class AppliedKeys
{
    /// <summary>By the slugs of their keys.</summary>
    /// <param name="folder">Holds <c>applied.json</c>.</param>
    public static Dictionary<string, string> Read(string folder)
    {
        using var applied = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "applied.json")));
        return applied.RootElement.GetProperty("keys").EnumerateArray()
            .ToDictionary(k => k.GetProperty("slug").GetString()!, k => k.GetProperty("secret").GetString()!);
    }
}
