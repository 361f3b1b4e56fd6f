using System.Buffers;

namespace Spendra.Core.Governance;

/// <summary>What an account of a provider may say, wherever it is said: in a declaration or to the management API. Complaints follow the field's name.</summary>
public static class AccountRules
{
    /// <summary>A service account's key file, which is a secret too, has some 2,400 characters.</summary>
    public const int LongestSecret = 8_192;

    public const int LongestModel = 200;

    public const int LongestUrl = 2_000;

    public const int MaxRatePercent = 1_000;

    // The program's own secrets must not be sent to whatever address an account names.
    private const string OwnVariables = "SPENDRA__";

    private static readonly SearchValues<char> VariableChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    /// <summary>The address that routes are added to, without a slash at its end; or what is wrong with the text.</summary>
    /// <param name="text">As somebody wrote it.</param>
    /// <param name="shown">The text as a complaint may quote it; null where it quotes nothing.</param>
    /// <param name="provider">Gives a path to an address without one.</param>
    public static (string? Url, string? Complaint) BaseUrl(string text, string? shown, KnownProvider provider)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            return (null, shown is null ? "is not an absolute http or https address" : $"is '{shown}': expected an absolute http or https address");
        // Not quoted: user info may be a password.
        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?') || text.Contains('#'))
            return (null, "has user info, a query or a fragment: expected only scheme, host, port and path");
        var path = url.AbsolutePath.TrimEnd('/');
        return (url.GetLeftPart(UriPartial.Authority) + (path.Length == 0 ? provider.RootPath : path), null);
    }

    /// <summary>What is wrong with the name of an environment variable; null when nothing is.</summary>
    public static string? VariableComplaint(string name)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(VariableChars) || char.IsAsciiDigit(name[0]))
            return "is not a variable name: expected letters, digits and '_', such as OPENAI_API_KEY";
        return name.StartsWith(OwnVariables, StringComparison.OrdinalIgnoreCase)
            ? $"names a setting of Spendra itself: expected the variable of the provider's key, not one that begins with {OwnVariables}"
            : null;
    }

    /// <summary>What is wrong with a secret; null when nothing is. It is never quoted.</summary>
    public static string? SecretComplaint(string secret) =>
        // A credential that is a JSON document is not sent as it is: a token is had with it.
        !secret.StartsWith('{') && secret.Any(c => c is <= ' ' or > '~')
            ? "holds characters that a header cannot carry: expected visible ASCII"
            : null;

    /// <summary>Whether deployments have a meaning for a provider.</summary>
    public static bool HasDeployments(string provider) => provider == KnownProvider.Azure;

    /// <summary>Whether vector stores have a meaning for a provider.</summary>
    public static bool HasVectorStores(string provider) => provider is KnownProvider.OpenAi or KnownProvider.Azure;
}
