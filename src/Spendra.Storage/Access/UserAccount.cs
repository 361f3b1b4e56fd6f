using System.Text.Json;

namespace Spendra.Storage.Access;

/// <summary>How a person signs in: what is read and changed together. Prints as redacted.</summary>
public sealed class UserAccount
{
    public Guid UserId { get; set; }

    /// <summary>In lower case: the sign-in name.</summary>
    public string Email { get; set; } = "";

    public string Name { get; set; } = "";

    /// <summary>Null for somebody who signs in otherwise.</summary>
    public string? PasswordHash { get; set; }

    /// <summary>Sessions of another stamp are over.</summary>
    public string SecurityStamp { get; set; } = "";

    /// <summary>Sealed by the master key; there before <see cref="IsTwoFactor"/> says that it is asked for.</summary>
    public byte[]? TotpSecret { get; set; }

    public bool IsTwoFactor { get; set; }

    /// <summary>JSON: digests of the recovery codes that were not used yet.</summary>
    public string RecoveryDigests { get; set; } = "[]";

    /// <summary>As it was read: a change of an older one is refused.</summary>
    public long Version { get; set; }

    public IReadOnlyList<string> ReadRecoveryDigests() => JsonSerializer.Deserialize(RecoveryDigests, AccessJson.Default.StringArray) ?? [];

    public void WriteRecoveryDigests(IEnumerable<string> digests) =>
        RecoveryDigests = JsonSerializer.Serialize([.. digests], AccessJson.Default.StringArray);

    public override string ToString() => $"user {UserId} [redacted]";
}

/// <summary>How many wrong attempts an account has, and how long it then waits.</summary>
public sealed record AttemptRules(int Most, long WaitMicros);
