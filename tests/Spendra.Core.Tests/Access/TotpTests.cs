using System.Text;
using Spendra.Core.Access;

namespace Spendra.Core.Tests.Access;

public sealed class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    /// <summary>RFC 6238, appendix B, the last six of eight digits.</summary>
    [Theory]
    [InlineData(59L, "287082")]
    [InlineData(1_111_111_109L, "081804")]
    [InlineData(1_111_111_111L, "050471")]
    [InlineData(1_234_567_890L, "005924")]
    [InlineData(2_000_000_000L, "279037")]
    [InlineData(20_000_000_000L, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code)
    {
        Totp.Show(Secret, seconds / Totp.StepSeconds).Should().Be(code);
        Totp.FindStep(Secret, code, seconds).Should().Be(seconds / Totp.StepSeconds);
    }

    [Fact]
    public void A_code_is_found_one_step_beside_and_no_further()
    {
        var code = Totp.Show(Secret, 1_000);

        Totp.FindStep(Secret, code, 999 * 30).Should().Be(1_000);
        Totp.FindStep(Secret, code, (1_001 * 30) + 29).Should().Be(1_000);
        Totp.FindStep(Secret, code, (999 * 30) - 1).Should().BeNull();
        Totp.FindStep(Secret, code, 1_002 * 30).Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("28708")]
    [InlineData("2870822")]
    [InlineData("28708a")]
    [InlineData("+87082")]
    [InlineData("٢٨٧٠٨٢")]
    public void What_is_no_code_is_wrong(string code) => Totp.FindStep(Secret, code, 59).Should().BeNull();

    [Fact]
    public void A_secret_is_read_as_apps_are_given_it()
    {
        Totp.TryReadSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", out var secret).Should().BeTrue();
        secret.Should().Equal(Secret);
        Totp.TryReadSecret("MZXW6YTBOI", out var odd).Should().BeTrue();
        Encoding.ASCII.GetString(odd!).Should().Be("foobar");
        Totp.TryReadSecret("GEZDGNBV1", out _).Should().BeFalse();
        Totp.TryReadSecret("gezdgnbv", out _).Should().BeFalse();
        Totp.TryReadSecret("", out _).Should().BeFalse();
        Totp.TryReadSecret("G", out _).Should().BeFalse();
    }
}
