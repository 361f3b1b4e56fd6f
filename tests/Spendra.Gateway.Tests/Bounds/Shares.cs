using CsCheck;
using Spendra.Gateway.Tests.Tokens;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// Where in what a request permits the provider's answer lies, in thousandths. More than half of them are all of it: the
/// worst answer is one that is at several limits at once.
/// </summary>
internal sealed record Shares(int[] Thousandths)
{
    private const int All = 400;

    public static readonly Gen<Shares> Any = Gen.Int[0, 1_000].Array[12].Select(t => new Shares(t));

    public long Of(long whole, int which) => Thousandths[which] > All ? whole : whole * Thousandths[which] / 1_000;

    /// <summary>Whatever was asked, it has a token: an answer that says otherwise is not believed.</summary>
    public long OfInput(long most) => Math.Max(1, Of(most, 6));

    public bool Is(int which) => Thousandths[which] >= 500;

    public override string ToString() => string.Join(' ', Thousandths);

    /// <summary>Texts of any length, and often hardly any: there is least between what is held and what is billed.</summary>
    public static Gen<string[]> Texts(int least) => Gen.OneOf(Prompts.Texts.Array[least, 6], OneOf("", "Hi").Array[least, 2]);

    public static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
