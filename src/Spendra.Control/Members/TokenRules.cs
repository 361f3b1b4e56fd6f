using System.Collections.Immutable;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Members;

/// <summary>What a personal access token may look like: pure. Whether its owner holds what it is given is decided elsewhere.</summary>
internal static class TokenRules
{
    public const int MostDays = 365;

    /// <summary>Live tokens of one member.</summary>
    public const int MostLive = 100;

    private const int DefaultDays = 90;

    /// <summary>The capabilities of names, or which one is none.</summary>
    public static Outcome<ImmutableArray<Capability>> ReadCapabilities(IReadOnlyList<string> names)
    {
        if (names.Count == 0) return Problem.Field("capabilities", "is empty: a token without capabilities does nothing");
        var found = ImmutableArray.CreateBuilder<Capability>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            if (Capabilities.Find(names[i]) is not { } capability) return Problem.Field($"capabilities[{i}]", "is no capability");
            found.Add(capability);
        }
        found.Sort();
        return Outcome<ImmutableArray<Capability>>.Done(found.MoveToImmutable());
    }

    public static AccessTokenRow NewRow(Guid memberId, string name, ImmutableArray<Capability> capabilities, int? days, long nowMicros) => new()
    {
        TokenId = Guid.CreateVersion7(), MemberId = memberId, Name = name, Capabilities = capabilities, CreatedAt = nowMicros,
        ExpiresAt = Micros.Of(Micros.ToInstant(nowMicros).AddDays(days ?? DefaultDays)),
    };
}
