namespace Spendra.Gateway.Providers;

/// <summary>What a provider's status says about its bill.</summary>
internal enum UpstreamVerdict
{
    /// <summary>The work was done; the usage says how much.</summary>
    Worked,
    /// <summary>The provider refused before doing work: nothing is owed.</summary>
    Refused,
    /// <summary>The provider may have worked before it failed: the bill is unknown.</summary>
    Unknown,
}
