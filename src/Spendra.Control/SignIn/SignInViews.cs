using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>Somebody who is signed in.</summary>
/// <param name="Email">In lower case: the sign-in name.</param>
/// <param name="Name">As people write it.</param>
/// <param name="Method"><c>password</c>, <c>two_factor</c>, <c>passkey</c> or <c>openid_connect</c>; null for tokens.</param>
/// <param name="StartedAt">When the person proved who they are; null for tokens.</param>
/// <param name="ExpiresAt">When the session ends, however much it is used; null for tokens.</param>
/// <param name="HasPassword">Whether the account can be signed in to with a password.</param>
/// <param name="IsTwoFactor">Whether a password is followed by a code.</param>
/// <param name="RecoveryCodesLeft">How many recovery codes were not used yet.</param>
/// <param name="AntiforgeryToken">What calls that change something send as <c>x-spendra-antiforgery</c>; null for tokens.</param>
internal sealed record SessionView(
    string Email, string Name, string? Method, DateTime? StartedAt, DateTime? ExpiresAt, bool HasPassword, bool IsTwoFactor,
    int RecoveryCodesLeft, string? AntiforgeryToken)
{
    /// <param name="http">Its user is the account's.</param>
    /// <param name="account">Who.</param>
    /// <param name="session">Null for tokens.</param>
    public static SessionView Of(HttpContext http, UserAccount account, SessionRow? session) => new(
        account.Email, account.Name, session?.Method,
        session is null ? null : Micros.ToInstant(session.CreatedAt).UtcDateTime,
        session is null ? null : Micros.ToInstant(session.ExpiresAt).UtcDateTime,
        account.PasswordHash is not null, account.IsTwoFactor, account.ReadRecoveryDigests().Count,
        session is null ? null : http.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http).RequestToken);
}

/// <summary>What a step of a sign-in came to.</summary>
/// <param name="State"><c>signed_in</c>, or <c>two_factor</c> when a code is to follow.</param>
/// <param name="Session">Of somebody who is signed in.</param>
/// <param name="Ticket">For the second step; good for five minutes.</param>
internal sealed record SignInView(string State, SessionView? Session, string? Ticket) : IShownOnce
{
    public const string SignedIn = "signed_in";
    public const string TwoFactor = "two_factor";
}

/// <summary>Ways to sign in.</summary>
/// <param name="Password">With address and password.</param>
/// <param name="Passkey">With a passkey.</param>
/// <param name="OpenIdConnect">The name of the OpenID Connect provider, or null.</param>
internal sealed record MethodsView(bool Password, bool Passkey, string? OpenIdConnect);

/// <summary>What an authenticator app is to know. Shown once.</summary>
/// <param name="Secret">Base 32, to be typed.</param>
/// <param name="Uri">The same, to be shown as a QR code.</param>
internal sealed record TotpView(string Secret, string Uri) : IShownOnce;

/// <summary>Codes for somebody who has lost the authenticator, each good once. Shown once.</summary>
internal sealed record RecoveryCodesView(IReadOnlyList<string> RecoveryCodes) : IShownOnce;

/// <summary>A passkey.</summary>
/// <param name="Id">The credential's id in base 64 for addresses.</param>
/// <param name="Name">As its owner calls it.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="IsBackedUp">Whether the authenticator keeps copies elsewhere.</param>
internal sealed record PasskeyView(string Id, string Name, DateTime CreatedAt, bool IsBackedUp);

/// <summary>All passkeys of a person.</summary>
internal sealed record PasskeysView(IReadOnlyList<PasskeyView> Items);

/// <summary>What the browser's <c>navigator.credentials</c> is called with, and the ticket for what it answers.</summary>
/// <param name="Ticket">Good once, for five minutes.</param>
/// <param name="Options">For <c>PublicKeyCredential.parse…OptionsFromJSON</c>.</param>
internal sealed record PasskeyOptionsView(string Ticket, JsonElement Options) : IShownOnce;

/// <summary>Address and password.</summary>
public sealed record NewSession
{
    [Plain(320)]
    public required string Email { get; init; }

    [StringLength(PasswordRule.Longest, MinimumLength = 1)]
    public required string Password { get; init; }

    public override string ToString() => "[redacted]";
}

/// <summary>The second step: exactly one of the two codes.</summary>
public sealed record SecondStep
{
    [Plain(100)]
    public required string Ticket { get; init; }

    /// <summary>What the authenticator app shows.</summary>
    [StringLength(6, MinimumLength = 6)]
    public string? Code { get; init; }

    [Plain(40)]
    public string? RecoveryCode { get; init; }

    public override string ToString() => "[redacted]";
}

/// <summary>A password as it shall be.</summary>
public sealed record EditedPassword
{
    /// <summary>Needed when there is one.</summary>
    [StringLength(PasswordRule.Longest, MinimumLength = 1)]
    public string? CurrentPassword { get; init; }

    [StringLength(PasswordRule.Longest, MinimumLength = PasswordRule.Shortest)]
    public required string NewPassword { get; init; }

    public override string ToString() => "[redacted]";
}

/// <summary>A password that is set with a ticket of the operator's.</summary>
public sealed record LinkedPassword
{
    [Plain(100)]
    public required string Ticket { get; init; }

    [StringLength(PasswordRule.Longest, MinimumLength = PasswordRule.Shortest)]
    public required string NewPassword { get; init; }

    public override string ToString() => "[redacted]";
}

/// <summary>A code of the authenticator app.</summary>
public sealed record TotpCode
{
    [StringLength(6, MinimumLength = 6)]
    public required string Code { get; init; }

    public override string ToString() => "[redacted]";
}

/// <summary>A new passkey: what the browser answered to the options.</summary>
public sealed record NewPasskey
{
    [Plain(100)]
    public required string Ticket { get; init; }

    [Plain]
    public required string Name { get; init; }

    public required JsonElement Credential { get; init; }
}

/// <summary>A sign-in with a passkey: what the browser answered to the options.</summary>
public sealed record PasskeySignIn
{
    [Plain(100)]
    public required string Ticket { get; init; }

    public required JsonElement Credential { get; init; }
}
