using System.Security.Cryptography;
using System.Text;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Declarations;

internal static class AccountPlanner
{
    private const string Sealed = "sealed";
    private const string None = "none";

    public static void Plan(PlanDraft draft)
    {
        var stored = draft.State.Accounts.ToDictionary(a => a.Account.Slug, StringComparer.Ordinal);
        foreach (var item in draft.Declaration.Accounts ?? [])
        {
            var before = stored.GetValueOrDefault(item.Slug);
            if (before is not null && before.Account.Provider != item.Provider)
            {
                draft.Errors.Add(item.Line,
                    $"provider account '{item.Slug}' is for {before.Account.Provider}; its provider cannot change: use a new slug");
                continue;
            }
            var accountId = before?.Account.AccountId ?? draft.Inputs.NewId();
            var (kind, payload, said) = Credential(draft, item, accountId, before?.Account);
            var account = new ProviderAccount
            {
                AccountId = accountId,
                Slug = item.Slug,
                Provider = item.Provider,
                BaseUrl = item.BaseUrl,
                CredentialKind = kind,
                Credential = payload,
                Settings = item.Settings,
            };
            draft.Put("providerAccount", item.Slug, before is null ? null : Describe(before.Account), before is { IsArchived: true },
                Description.Of(account, said), new GovernanceWrite.PutAccount(new AccountRow(account, IsArchived: false)));
        }
    }

    public static Description Describe(ProviderAccount account) => Description.Of(account,
        !account.HasCredential ? None : account.CredentialKind == CredentialKind.Environment ? $"env {Encoding.UTF8.GetString(account.Credential)}" : Sealed);

    /// <summary>A secret that is already stored is kept as it is sealed, so that applying it again changes nothing.</summary>
    private static (CredentialKind Kind, byte[] Payload, string Said) Credential(
        PlanDraft draft, AccountItem item, Guid accountId, ProviderAccount? before)
    {
        if (item.HasNoCredential) return (CredentialKind.Environment, [], None);
        if (item.CredentialEnv is { } name) return (CredentialKind.Environment, Encoding.UTF8.GetBytes(name), $"env {name}");
        var secret = item.CredentialValue ?? "";
        var masterKey = draft.Inputs.MasterKey;
        if (before is { CredentialKind: CredentialKind.Sealed })
        {
            if (IsSame(masterKey, draft.State.OrganizationId, before, secret)) return (CredentialKind.Sealed, before.Credential, Sealed);
            return (CredentialKind.Sealed, masterKey.Seal(draft.State.OrganizationId, accountId, secret), $"{Sealed}, replaced");
        }
        return (CredentialKind.Sealed, masterKey.Seal(draft.State.OrganizationId, accountId, secret), Sealed);
    }

    private static bool IsSame(MasterKey masterKey, Guid organizationId, ProviderAccount before, string secret)
    {
        try
        {
            return CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(masterKey.Open(organizationId, before.AccountId, before.Credential)),
                Encoding.UTF8.GetBytes(secret));
        }
        catch (MasterKeyException)
        {
            // What cannot be opened is of no use to the gateway either: the declared secret replaces it.
            return false;
        }
    }
}
