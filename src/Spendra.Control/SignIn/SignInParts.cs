using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Spendra.Control.Shell;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>Registers what signing in needs: the framework's identity over accounts in SQL.</summary>
internal static class SignInParts
{
    public static void AddSignIn(this IServiceCollection services, ControlOptions options)
    {
        services.AddIdentityCore<UserAccount>(identity =>
        {
            identity.Lockout.MaxFailedAccessAttempts = 5;
            identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15);
        })
            .AddUserStore<AccountStore>()
            .AddTokenProvider<TotpTokens>(TokenOptions.DefaultAuthenticatorProvider);
        // People are made by address elsewhere; what a name may look like is not this store's to say.
        services.RemoveAll<IUserValidator<UserAccount>>();
        // One rule for passwords, wherever they are set: PasswordRule, which the framework does not know.
        services.RemoveAll<IPasswordValidator<UserAccount>>();
        services.AddPasskeys(options);
        services.AddSingleton<SignInLimits>();
        services.AddSingleton<Tickets>();
        services.AddSingleton<Decoy>();
        // One for the framework and for us: what is said of the next write is said to the store that writes.
        services.AddScoped<AccountStore>();
        services.Replace(ServiceDescriptor.Scoped<IUserStore<UserAccount>>(provider => provider.GetRequiredService<AccountStore>()));
        services.AddScoped<Attempts>();
        services.AddScoped<SignInDesk>();
        services.AddScoped<AccountDesk>();
        if (options.Oidc is { } oidc) services.AddOpenIdConnect(oidc, options);
    }

    private static void AddPasskeys(this IServiceCollection services, ControlOptions options)
    {
        services.AddScoped<IPasskeyHandler<UserAccount>, PasskeyHandler<UserAccount>>();
        services.Configure<IdentityPasskeyOptions>(passkeys =>
        {
            passkeys.ServerDomain = options.PublicUrl?.Host;
            // A passkey stands for password and second factor: whoever holds the device must have unlocked it.
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
            passkeys.AttestationConveyancePreference = "none";
            passkeys.ValidateOrigin = static context => ValueTask.FromResult(
                !context.CrossOrigin && context.Origin == PublicAddress.OriginOf(context.HttpContext.Request));
        });
    }
}
