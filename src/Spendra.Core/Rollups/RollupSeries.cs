using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Spendra.Core.Rollups;

/// <summary>
/// What is counted together, beside time and subject. A call of a tool has the tool's name as its model, and <c>mcp</c> as its
/// provider.
/// </summary>
/// <param name="AccountId">The provider account; zeros where none was chosen, as for a request that was refused before.</param>
/// <param name="Provider">Empty where none was named.</param>
/// <param name="Model">Empty where none was named.</param>
/// <param name="Environment">The key's label; empty without.</param>
public sealed record RollupSeries(Guid AccountId, string Provider, string Model, string Environment)
{
    /// <summary>Derived from the four, so that whoever counts the same writes the same rows.</summary>
    public Guid DeriveId()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(AccountId.ToByteArray(bigEndian: true));
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var text in (ReadOnlySpan<string>)[Provider, Model, Environment])
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return new Guid(hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
    }
}
