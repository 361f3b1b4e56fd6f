using Microsoft.AspNetCore.Identity;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Keys;

namespace Spendra.Control.SignIn;

/// <summary>
/// The framework's view of accounts. Wrong attempts are not among it: the framework counts them by reading and writing an
/// account, which lets many guesses at once pass for one (<see cref="Attempts"/>).
/// </summary>
internal sealed class AccountStore(Database database, MasterKey masterKey, IdentityErrorDescriber errors, TimeProvider time) :
    IUserPasswordStore<UserAccount>, IUserSecurityStampStore<UserAccount>, IUserTwoFactorStore<UserAccount>,
    IUserAuthenticatorKeyStore<UserAccount>, IUserTwoFactorRecoveryCodeStore<UserAccount>, IUserPasskeyStore<UserAccount>
{
    private SignInChange? _change;

    /// <summary>
    /// Says that the next write changes how its owner signs in: it is recorded with it, in every organization of theirs. Writes of
    /// which nothing was said are counters, what is not in force yet, and sign-ins themselves.
    /// </summary>
    public void Record(SignInChange change) => _change = change;

    public Task<string> GetUserIdAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult(user.UserId.ToString());

    public Task<string?> GetUserNameAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task<string?> GetNormalizedUserNameAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    // Addresses are kept in lower case, which is all that is normal about them.
    public Task SetNormalizedUserNameAsync(UserAccount user, string? normalizedName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetUserNameAsync(UserAccount user, string? userName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> CreateAsync(UserAccount user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> DeleteAsync(UserAccount user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async Task<IdentityResult> UpdateAsync(UserAccount user, CancellationToken cancellationToken) =>
        await UserAccounts.SaveAsync(database, user, TakeChange(), Micros.Now(time), cancellationToken)
            ? IdentityResult.Success
            : IdentityResult.Failed(errors.ConcurrencyFailure());

    public async Task<UserAccount?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParse(userId, out var id) ? await UserAccounts.FindAsync(database, id, cancellationToken) : null;

    public Task<UserAccount?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        UserAccounts.FindByEmailAsync(database, normalizedUserName, cancellationToken);

    public Task SetPasswordHashAsync(UserAccount user, string? passwordHash, CancellationToken cancellationToken)
    {
        user.PasswordHash = passwordHash;
        return Task.CompletedTask;
    }

    public Task<string?> GetPasswordHashAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash);

    public Task<bool> HasPasswordAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash is not null);

    public Task SetSecurityStampAsync(UserAccount user, string stamp, CancellationToken cancellationToken)
    {
        user.SecurityStamp = stamp;
        return Task.CompletedTask;
    }

    public Task<string?> GetSecurityStampAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.SecurityStamp);

    public Task SetTwoFactorEnabledAsync(UserAccount user, bool enabled, CancellationToken cancellationToken)
    {
        user.IsTwoFactor = enabled;
        return Task.CompletedTask;
    }

    public Task<bool> GetTwoFactorEnabledAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult(user.IsTwoFactor);

    public Task SetAuthenticatorKeyAsync(UserAccount user, string key, CancellationToken cancellationToken)
    {
        user.TotpSecret = masterKey.Seal(Guid.Empty, user.UserId, key);
        return Task.CompletedTask;
    }

    public Task<string?> GetAuthenticatorKeyAsync(UserAccount user, CancellationToken cancellationToken) =>
        Task.FromResult(user.TotpSecret is { } secret ? masterKey.Open(Guid.Empty, user.UserId, secret) : null);

    public Task ReplaceCodesAsync(UserAccount user, IEnumerable<string> recoveryCodes, CancellationToken cancellationToken)
    {
        user.WriteRecoveryDigests(recoveryCodes.Select(Digest));
        return Task.CompletedTask;
    }

    public Task<bool> RedeemCodeAsync(UserAccount user, string code, CancellationToken cancellationToken)
    {
        var left = user.ReadRecoveryDigests().ToList();
        var isRedeemed = left.Remove(Digest(code));
        if (isRedeemed) user.WriteRecoveryDigests(left);
        return Task.FromResult(isRedeemed);
    }

    public Task<int> CountCodesAsync(UserAccount user, CancellationToken cancellationToken) => Task.FromResult(user.ReadRecoveryDigests().Count);

    public Task AddOrUpdatePasskeyAsync(UserAccount user, UserPasskeyInfo passkey, CancellationToken cancellationToken) =>
        Passkeys.PutAsync(database, new PasskeyRow
        {
            CredentialId = passkey.CredentialId,
            UserId = user.UserId,
            Name = passkey.Name ?? "",
            PublicKey = passkey.PublicKey,
            SignCount = passkey.SignCount,
            Transports = passkey.Transports ?? [],
            IsUserVerified = passkey.IsUserVerified,
            IsBackupEligible = passkey.IsBackupEligible,
            IsBackedUp = passkey.IsBackedUp,
            AttestationObject = passkey.AttestationObject,
            ClientDataJson = passkey.ClientDataJson,
            CreatedAt = Micros.Of(passkey.CreatedAt),
        }, TakeChange(), Micros.Now(time), cancellationToken);

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(UserAccount user, CancellationToken cancellationToken) =>
        [.. (await Passkeys.OfUserAsync(database, user.UserId, cancellationToken)).Select(Of)];

    public async Task<UserAccount?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        await Passkeys.FindAsync(database, credentialId, cancellationToken) is { } found
            ? await UserAccounts.FindAsync(database, found.UserId, cancellationToken) : null;

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(UserAccount user, byte[] credentialId, CancellationToken cancellationToken) =>
        await Passkeys.FindAsync(database, credentialId, cancellationToken) is { } found && found.UserId == user.UserId ? Of(found) : null;

    public Task RemovePasskeyAsync(UserAccount user, byte[] credentialId, CancellationToken cancellationToken) =>
        Passkeys.RemoveAsync(database, user.UserId, credentialId, TakeChange(), Micros.Now(time), cancellationToken);

    public void Dispose()
    {
    }

    private static UserPasskeyInfo Of(PasskeyRow row) => new(
        row.CredentialId, row.PublicKey, Micros.ToInstant(row.CreatedAt), checked((uint)row.SignCount), [.. row.Transports],
        row.IsUserVerified, row.IsBackupEligible, row.IsBackedUp, row.AttestationObject, row.ClientDataJson)
    {
        Name = row.Name,
    };

    private SignInChange? TakeChange()
    {
        var change = _change;
        _change = null;
        return change;
    }

    private string Digest(string code) =>
        Convert.ToHexStringLower(masterKey.DigestSecret(System.Text.Encoding.UTF8.GetBytes(code.Trim().ToUpperInvariant())));
}
