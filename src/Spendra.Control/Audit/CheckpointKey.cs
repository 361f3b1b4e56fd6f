using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;
using Spendra.Core.Audit;
using Spendra.Storage.Keys;

namespace Spendra.Control.Audit;

/// <summary>
/// The Ed25519 key that signs checkpoints, derived from the master key: every process of an installation signs alike, and the
/// database alone cannot. The framework has no Ed25519 of its own.
/// </summary>
public sealed class CheckpointKey
{
    private readonly byte[] _seed;
    private readonly byte[] _publicKey = new byte[Ed25519.PublicKeySize];

    public CheckpointKey(MasterKey masterKey)
    {
        _seed = masterKey.CopyAuditSeed();
        Ed25519.GeneratePublicKey(_seed, 0, _publicKey, 0);
    }

    /// <summary>32 bytes in Base64: what auditors keep.</summary>
    public string PublicKey => Convert.ToBase64String(_publicKey);

    public byte[] Sign(AuditCheckpoint checkpoint)
    {
        var bytes = checkpoint.ToSignedBytes();
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed, 0, bytes, 0, bytes.Length, signature, 0);
        return signature;
    }

    /// <summary>The bytes of a public key; null for text that is none.</summary>
    public static byte[]? ReadPublicKey(string text)
    {
        var bytes = new byte[Ed25519.PublicKeySize];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var length) && length == bytes.Length
            && Ed25519.ValidatePublicKeyFull(bytes, 0) ? bytes : null;
    }

    public static bool IsSigned(AuditCheckpoint checkpoint, byte[] publicKey, byte[] signature)
    {
        var bytes = checkpoint.ToSignedBytes();
        return signature.Length == Ed25519.SignatureSize && checkpoint.Hash.Length == SHA256.HashSizeInBytes
            && Ed25519.Verify(signature, 0, publicKey, 0, bytes, 0, bytes.Length);
    }

    public override string ToString() => $"checkpoint key {PublicKey} [redacted]";
}
