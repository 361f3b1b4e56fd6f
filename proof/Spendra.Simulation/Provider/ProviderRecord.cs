namespace Spendra.Simulation.Provider;

/// <summary>What the provider knows of one attempt: the truth that the ledger is held against.</summary>
internal sealed class ProviderRecord
{
    /// <summary>Requests that arrived. More than one for an attempt is a double dispatch.</summary>
    public int Arrivals { get; set; }

    /// <summary>Tokens were produced and will be billed.</summary>
    public bool HasWorked { get; set; }

    /// <summary>A refusal before any work.</summary>
    public bool HasRefused { get; set; }

    public long InputTokens { get; set; }

    public long CachedTokens { get; set; }

    public long OutputTokens { get; set; }

    /// <summary>The whole response, with a usage that makes sense, was handed to the gateway.</summary>
    public bool WasUsageRead { get; set; }

    /// <summary>The attempt that read it: of a response that goes on at the provider, the one that fetched it.</summary>
    public int ReadBy { get; set; }

    /// <summary>When, in the world's time.</summary>
    public long ReadAt { get; set; }
}
