using CsCheck;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>Where in what a request permits the provider's answer lies, in thousandths; what is beyond 900 is all of it.</summary>
internal sealed record Shares(int[] Thousandths)
{
    public static readonly Gen<Shares> Any = Gen.Int[0, 1_000].Array[12].Select(t => new Shares(t));

    public long Of(long whole, int which) => Thousandths[which] > 900 ? whole : whole * Thousandths[which] / 1_000;

    public bool Is(int which) => Thousandths[which] >= 500;

    public override string ToString() => string.Join(' ', Thousandths);

    public static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
