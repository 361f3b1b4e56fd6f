using System.Security.Cryptography;

namespace Spendra.Sandbox.Wire;

/// <summary>Ids in the provider's form: a prefix and 32 hexadecimal digits, unique across servers and calls.</summary>
internal sealed class Ids
{
    private readonly ulong _server = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private ulong _last;

    public string Next(string prefix)
    {
        var number = Interlocked.Increment(ref _last);
        return string.Create(prefix.Length + 32, (prefix, _server, number), static (text, parts) =>
        {
            parts.prefix.CopyTo(text);
            parts._server.TryFormat(text[parts.prefix.Length..], out _, "x16");
            parts.number.TryFormat(text[(parts.prefix.Length + 16)..], out _, "x16");
        });
    }
}
