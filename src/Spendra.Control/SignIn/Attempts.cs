using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>
/// Guesses at what a person knows: passwords and codes. Each is counted before it is looked at, in the database, so that
/// neither many at once nor many processes make more of them.
/// </summary>
internal sealed class Attempts(Database database, TimeProvider time, IOptions<IdentityOptions> identity)
{
    private AttemptRules Rules => new(identity.Value.Lockout.MaxFailedAccessAttempts,
        identity.Value.Lockout.DefaultLockoutTimeSpan.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>False while the account waits.</summary>
    public Task<bool> TakeAsync(Guid userId, CancellationToken cancel) =>
        UserAccounts.TakeAttemptAsync(database, userId, Rules, Micros.Now(time), cancel);

    /// <summary>Gives the attempt of somebody who was right back: others stay counted until the sign-in is whole.</summary>
    public Task GiveBackAsync(Guid userId, CancellationToken cancel) =>
        UserAccounts.GiveBackAttemptAsync(database, userId, Rules, cancel);

    public Task ForgiveAsync(Guid userId, CancellationToken cancel) => UserAccounts.ForgiveAttemptsAsync(database, userId, cancel);
}

/// <summary>
/// The account that stands in for one that is not there, or has no password: its hash takes as long to check as any, so that
/// the time of an answer says nothing about who has an account.
/// </summary>
internal sealed class Decoy
{
    public Decoy(IPasswordHasher<UserAccount> hasher) => Hash = hasher.HashPassword(Account, Guid.NewGuid().ToString());

    public UserAccount Account { get; } = new();

    public string Hash { get; }
}
