using System.Collections.Frozen;
using Spendra.Core.Governance;

namespace Spendra.Core.Pricing;

/// <summary>
/// Every price version of an organization, found by provider and exact model id at an instant.
/// An unknown model has no price: it is refused, never guessed from a prefix or a family.
/// </summary>
public sealed class PriceBook
{
    private readonly FrozenDictionary<(string Provider, string Model), PriceVersion[]> _versions;

    public PriceBook(IEnumerable<PriceVersion> versions)
    {
        _versions = versions
            .GroupBy(v => (v.Provider, v.Model))
            .ToFrozenDictionary(
                g => g.Key,
                g => g.OrderByDescending(v => v.EffectiveFrom).ThenByDescending(v => v.RecordedAt)
                    .ThenByDescending(v => v.PriceId).ToArray());
    }

    public static PriceBook Empty { get; } = new([]);

    /// <summary>The version in force at an instant, or null when the model has none yet.</summary>
    public PriceVersion? Find(string provider, string model, long atMicros)
    {
        if (!_versions.TryGetValue((provider, model), out var versions)) return null;
        foreach (var version in versions)
        {
            if (version.EffectiveFrom > atMicros) continue;
            // A price that has ended is not replaced by an older one: the model is not sold any more.
            return version.EffectiveTo <= atMicros ? null : version;
        }
        return null;
    }

    /// <summary>The price of a tool that runs through the gateway: its own, or its server's for all others; null when there is none.</summary>
    /// <param name="name">The tool with its server: <c>server/tool</c>.</param>
    /// <param name="atMicros">The instant.</param>
    public PriceVersion? FindTool(string name, long atMicros) =>
        Find(KnownProvider.Mcp, name, atMicros)
        ?? (ToolName.ServerOf(name) is { } server ? Find(KnownProvider.Mcp, ToolName.AnyOf(server), atMicros) : null);

    /// <summary>The version that is in force for every priced model at an instant.</summary>
    public IEnumerable<PriceVersion> InForce(long atMicros) =>
        from key in _versions.Keys
        let version = Find(key.Provider, key.Model, atMicros)
        where version is not null
        orderby version.Provider, version.Model
        select version;

    /// <summary>A model's versions by when they begin; of several for one instant, the one that holds.</summary>
    public IEnumerable<PriceVersion> VersionsOf(string provider, string model) =>
        _versions.TryGetValue((provider, model), out var versions)
            ? versions.DistinctBy(v => v.EffectiveFrom).Reverse()
            : [];

    public IEnumerable<PriceVersion> All => _versions.Values.SelectMany(v => v);
}
