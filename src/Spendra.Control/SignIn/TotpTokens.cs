using Microsoft.AspNetCore.Identity;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>One-time codes, each good once: the framework's own provider takes a code as often as it is shown.</summary>
internal sealed class TotpTokens(Database database, TimeProvider time) : IUserTwoFactorTokenProvider<UserAccount>
{
    public Task<bool> CanGenerateTwoFactorTokenAsync(UserManager<UserAccount> manager, UserAccount user) =>
        Task.FromResult(user.TotpSecret is not null);

    public Task<string> GenerateAsync(string purpose, UserManager<UserAccount> manager, UserAccount user) =>
        throw new NotSupportedException("the person's app makes the codes");

    public async Task<bool> ValidateAsync(string purpose, string token, UserManager<UserAccount> manager, UserAccount user)
    {
        if (await manager.GetAuthenticatorKeyAsync(user) is not { } key || !Totp.TryReadSecret(key, out var secret)) return false;
        return Totp.FindStep(secret, token, time.GetUtcNow().ToUnixTimeSeconds()) is { } step
            && await UserAccounts.SpendTotpStepAsync(database, user.UserId, step, CancellationToken.None);
    }
}
