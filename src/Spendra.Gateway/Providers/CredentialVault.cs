using System.Collections.Concurrent;
using System.Text;
using Spendra.Core.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Gateway.Providers;

/// <summary>Opens provider credentials. Opened ones are kept in memory for as long as their row is unchanged.</summary>
internal sealed class CredentialVault(MasterKey masterKey)
{
    private readonly ConcurrentDictionary<Guid, (byte[] Sealed, string Opened)> _opened = new();

    /// <summary>The credential, empty when none is wanted, or null when the account names an environment variable that is not set.</summary>
    public string? Open(Guid organizationId, ProviderAccount account)
    {
        if (!account.HasCredential) return "";
        if (account.CredentialKind == CredentialKind.Environment)
            return Environment.GetEnvironmentVariable(Encoding.UTF8.GetString(account.Credential)) is { Length: > 0 } value ? value : null;
        if (_opened.TryGetValue(account.AccountId, out var known) && known.Sealed.AsSpan().SequenceEqual(account.Credential))
            return known.Opened;
        var opened = masterKey.Open(organizationId, account.AccountId, account.Credential);
        _opened[account.AccountId] = (account.Credential, opened);
        return opened;
    }
}
