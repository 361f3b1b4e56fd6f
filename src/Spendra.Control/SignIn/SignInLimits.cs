using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Spendra.Control.Shell;

namespace Spendra.Control.SignIn;

/// <summary>
/// How often somebody may try to sign in: by address, and by account whether there is one or not. Each process counts for
/// itself; what all processes count together are wrong attempts at an account.
/// </summary>
internal sealed class SignInLimits(ControlOptions options) : IDisposable
{
    private const int NetworkBytes = 8;

    private readonly PartitionedRateLimiter<string> _addresses = Make(options.SignInsPerMinuteOfAddress);
    private readonly PartitionedRateLimiter<string> _accounts = Make(options.SignInsPerMinute);

    /// <summary>Counts an attempt; the problem says when to come again.</summary>
    /// <param name="http">The call.</param>
    /// <param name="account">What names the account; null where none is named yet.</param>
    public Problem? Take(HttpContext http, string? account)
    {
        using var byAddress = _addresses.AttemptAcquire(NameOf(http.Connection.RemoteIpAddress));
        if (!byAddress.IsAcquired) return Refuse(http, byAddress);
        if (account is null) return null;
        using var byAccount = _accounts.AttemptAcquire(account.ToLowerInvariant());
        return byAccount.IsAcquired ? null : Refuse(http, byAccount);
    }

    public void Dispose()
    {
        _addresses.Dispose();
        _accounts.Dispose();
    }

    private static PartitionedRateLimiter<string> Make(int perMinute) => PartitionedRateLimiter.Create<string, string>(
        name => RateLimitPartition.GetTokenBucketLimiter(name, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perMinute,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) / perMinute,
            QueueLimit = 0,
            AutoReplenishment = true,
        }), StringComparer.Ordinal);

    // Whoever has one address of IPv6 has a whole network of them.
    private static string NameOf(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes)),
        _ => address.ToString(),
    };

    private static Problem Refuse(HttpContext http, RateLimitLease lease)
    {
        var seconds = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)) : 60;
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return new Problem(ProblemKind.TooManyRequests, "These are too many attempts in a short time. Wait as long as Retry-After says.");
    }
}
