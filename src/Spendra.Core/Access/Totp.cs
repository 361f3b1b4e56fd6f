using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Spendra.Core.Access;

/// <summary>
/// One-time codes of authenticator apps: RFC 6238 with what every app understands, HMAC-SHA-1, six digits and steps of
/// thirty seconds.
/// </summary>
public static class Totp
{
    public const int Digits = 6;
    public const int StepSeconds = 30;

    // A clock may be off by one step, and a code may be typed slowly.
    private const int StepsBeside = 1;
    private const int Modulus = 1_000_000;
    private const int BitsPerLetter = 5;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The time step whose code this is, now or one step beside; null for a wrong code.</summary>
    /// <param name="secret">The shared secret.</param>
    /// <param name="code">What was typed.</param>
    /// <param name="unixSeconds">Now.</param>
    public static long? FindStep(ReadOnlySpan<byte> secret, string code, long unixSeconds)
    {
        if (code.Length != Digits || !code.All(char.IsAsciiDigit)) return null;
        var presented = int.Parse(code, NumberStyles.None, CultureInfo.InvariantCulture);
        var now = unixSeconds / StepSeconds;
        long? found = null;
        // Every step is computed, whichever it is: how long this takes says nothing about the code.
        for (var step = now - StepsBeside; step <= now + StepsBeside; step++)
        {
            if (CodeAt(secret, step) == presented) found = step;
        }
        return found;
    }

    /// <summary>The code of a time step, as apps show it.</summary>
    public static string Show(ReadOnlySpan<byte> secret, long step) => CodeAt(secret, step).ToString("D6", CultureInfo.InvariantCulture);

    /// <summary>Reads a secret as apps are given it: base 32 of RFC 4648 without padding.</summary>
    public static bool TryReadSecret(string text, [NotNullWhen(true)] out byte[]? secret)
    {
        secret = null;
        var bytes = new List<byte>(text.Length);
        var (buffer, bits) = (0, 0);
        foreach (var letter in text)
        {
            var value = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (value < 0) return false;
            buffer = ((buffer << BitsPerLetter) | value) & 0xFFF;
            bits += BitsPerLetter;
            if (bits < 8) continue;
            bits -= 8;
            bytes.Add((byte)(buffer >> bits));
        }
        secret = [.. bytes];
        return secret.Length > 0;
    }

    [SuppressMessage("Security", "CA5350:Do not use weak cryptographic algorithms", Justification = "RFC 6238; the only one that apps share, and HMAC needs no collision resistance")]
    private static int CodeAt(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> digest = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(secret, counter, digest);
        var offset = digest[^1] & 0x0F;
        return (BinaryPrimitives.ReadInt32BigEndian(digest[offset..]) & int.MaxValue) % Modulus;
    }
}
