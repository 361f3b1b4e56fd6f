using System.Security.Cryptography;
using System.Text;

namespace Spendra.Storage.Keys;

/// <summary>
/// The 32 bytes that the database must not hold: whoever has a copy of the database alone can neither check key
/// secrets nor open provider credentials. Separate keys are derived for each use (HKDF-SHA-256). Safe to share
/// between threads; prints as redacted.
/// </summary>
public sealed class MasterKey
{
    public const int KeyBytes = 32;

    // Sealed layout: version, nonce, tag, cipher text.
    private const byte SealVersion = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeaderBytes = 1 + NonceBytes + TagBytes;
    private const int FingerprintBytes = 8;

    private readonly byte[] _pepper;
    private readonly byte[] _sealingKey;
    private readonly byte[] _auditSeed;

    /// <param name="bytes">32 bytes from a cryptographic source.</param>
    public MasterKey(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, KeyBytes);
        _pepper = Derive(bytes, "spendra key pepper v1", KeyBytes);
        _sealingKey = Derive(bytes, "spendra credential sealing v1", KeyBytes);
        _auditSeed = Derive(bytes, "spendra audit checkpoints v1", KeyBytes);
        Fingerprint = Convert.ToHexStringLower(Derive(bytes, "spendra fingerprint v1", FingerprintBytes));
    }

    /// <summary>Names the key without revealing it: 16 hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>What is stored of a scoped key's secret: HMAC-SHA-256(pepper, secret), 32 bytes.</summary>
    public byte[] DigestSecret(ReadOnlySpan<byte> secret) => HMACSHA256.HashData(_pepper, secret);

    /// <summary>The seed of the key that signs checkpoints of audit chains: 32 bytes, the caller's to wipe.</summary>
    public byte[] CopyAuditSeed() => [.. _auditSeed];

    /// <summary>Encrypts a credential for one row of one organization (AES-256-GCM, random nonce).</summary>
    public byte[] Seal(Guid organizationId, Guid rowId, string plaintext)
    {
        var plain = Encoding.UTF8.GetBytes(plaintext);
        var sealedBytes = new byte[HeaderBytes + plain.Length];
        sealedBytes[0] = SealVersion;
        var nonce = sealedBytes.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_sealingKey, TagBytes);
        cipher.Encrypt(nonce, plain, sealedBytes.AsSpan(HeaderBytes), sealedBytes.AsSpan(1 + NonceBytes, TagBytes),
            AssociatedData(organizationId, rowId));
        CryptographicOperations.ZeroMemory(plain);
        return sealedBytes;
    }

    /// <summary>Decrypts what <see cref="Seal"/> made for the same row of the same organization.</summary>
    /// <exception cref="MasterKeyException">Another key sealed it, or it was altered or moved from another row.</exception>
    public string Open(Guid organizationId, Guid rowId, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < HeaderBytes || sealedBytes[0] != SealVersion)
            throw new MasterKeyException("a stored credential is not in a form that this version can open: apply it again");
        var plain = new byte[sealedBytes.Length - HeaderBytes];
        try
        {
            using var cipher = new AesGcm(_sealingKey, TagBytes);
            cipher.Decrypt(sealedBytes.Slice(1, NonceBytes), sealedBytes[HeaderBytes..],
                sealedBytes.Slice(1 + NonceBytes, TagBytes), plain, AssociatedData(organizationId, rowId));
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new MasterKeyException(
                "a stored credential cannot be opened: another master key sealed it, or the row was altered; apply it again", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public override string ToString() => $"master key {Fingerprint} [redacted]";

    private static byte[] AssociatedData(Guid organizationId, Guid rowId)
    {
        var data = new byte[32];
        organizationId.TryWriteBytes(data, bigEndian: true, out _);
        rowId.TryWriteBytes(data.AsSpan(16), bigEndian: true, out _);
        return data;
    }

    private static byte[] Derive(ReadOnlySpan<byte> bytes, string purpose, int length)
    {
        var derived = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, derived, salt: [], Encoding.ASCII.GetBytes(purpose));
        return derived;
    }
}

/// <summary>The master key is missing, malformed or not this database's. One line that says what to do.</summary>
public sealed class MasterKeyException(string message, Exception? inner = null) : Exception(message, inner);
