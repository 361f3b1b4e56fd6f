using System.Text;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Providers;

/// <summary>How credentials come into accounts: sealed, or as the name of a variable that the organization may use.</summary>
internal sealed class CredentialIntake(MasterKey masterKey, ControlOptions options)
{
    /// <summary>The account with another credential, or what is wrong with it.</summary>
    public (ProviderAccount? Account, Problem? Problem) Put(Draft draft, ProviderAccount account, NewCredential credential, string prefix = "credential.")
    {
        if ((credential.Env is null) == (credential.Value is null)) return (null, Problem.Field($"{prefix}{(credential.Env is null ? "env" : "value")}", "is wrong: expected one of 'env' and 'value'"));
        if (credential.Env is { } variable)
        {
            var complaint = AccountRules.VariableComplaint(variable) ?? options.CredentialVariables.Complaint(draft.Caller.Organization, variable);
            return complaint is not null ? (null, Problem.Field($"{prefix}env", complaint))
                : (account with { CredentialKind = CredentialKind.Environment, Credential = Encoding.UTF8.GetBytes(variable) }, null);
        }
        return AccountRules.SecretComplaint(credential.Value!) is { } unfit ? (null, Problem.Field($"{prefix}value", unfit))
            : (account with { CredentialKind = CredentialKind.Sealed, Credential = masterKey.Seal(draft.State.OrganizationId, account.AccountId, credential.Value!) }, null);
    }
}
