using System.Text;
using Spendra.Core.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Shell;

/// <summary>Opens the credential of a provider account, for the few calls that the control plane makes with one.</summary>
internal static class AccountCredential
{
    /// <summary>The secret; empty for an account without one, null when its environment variable is not set where this runs.</summary>
    /// <exception cref="MasterKeyException">It was sealed with another master key.</exception>
    public static string? Open(MasterKey masterKey, Guid organizationId, ProviderAccount account)
    {
        if (!account.HasCredential) return "";
        if (account.CredentialKind == CredentialKind.Sealed) return masterKey.Open(organizationId, account.AccountId, account.Credential);
        return Environment.GetEnvironmentVariable(Encoding.UTF8.GetString(account.Credential)) is { Length: > 0 } value ? value : null;
    }
}
