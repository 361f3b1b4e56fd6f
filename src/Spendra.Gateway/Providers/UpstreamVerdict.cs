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

/// <summary>How the <c>openai</c> provider is reached and read.</summary>
internal static class OpenAiProvider
{
    public const string Name = "openai";

    /// <summary>
    /// 4xx answers come before any work (developers.openai.com, error codes), as does 503 "overloaded". A redirect
    /// is not followed, so nothing was done either. Other 5xx and 408 come after the request was taken in: whether
    /// tokens were produced is not known.
    /// </summary>
    public static UpstreamVerdict Judge(int status) => status switch
    {
        >= 200 and < 300 => UpstreamVerdict.Worked,
        503 => UpstreamVerdict.Refused,
        408 => UpstreamVerdict.Unknown,
        >= 300 and < 500 => UpstreamVerdict.Refused,
        _ => UpstreamVerdict.Unknown,
    };

    /// <summary>The address of a route: the account's base URL ends with the version prefix, the path follows it.</summary>
    public static Uri AddressOf(string baseUrl, string path, string query) => new(baseUrl.TrimEnd('/') + path + query);
}
