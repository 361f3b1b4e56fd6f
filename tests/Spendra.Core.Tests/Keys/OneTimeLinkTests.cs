using CsCheck;
using Spendra.Core.Keys;

namespace Spendra.Core.Tests.Keys;

public sealed class OneTimeLinkTests
{
    private static readonly Guid Id = new("0190a1b2-c3d4-7e5f-8a9b-acbdcedfe0f1");
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Theory]
    [InlineData(OneTimePurpose.Invitation, "spi_")]
    [InlineData(OneTimePurpose.Setup, "sps_")]
    public void What_is_revealed_is_read_for_its_purpose_and_for_no_other(OneTimePurpose purpose, string prefix)
    {
        Gen.Select(Gen.Guid, Gen.Byte.Array[OneTimeLink.SecretBytes]).Sample((id, secret) =>
        {
            var text = OneTimeLink.Create(purpose, id, secret).Reveal();
            text.Should().StartWith(prefix);
            OneTimeLink.TryParse(purpose, text, out var link).Should().BeTrue();
            link!.Purpose.Should().Be(purpose);
            link.LinkId.Should().Be(id);
            link.Secret.ToArray().Should().Equal(secret);
            foreach (var other in Enum.GetValues<OneTimePurpose>().Where(p => p != purpose)) OneTimeLink.TryParse(other, text, out _).Should().BeFalse();
        }, iter: 200);
    }

    [Fact]
    public void Any_other_character_is_noticed()
    {
        var text = OneTimeLink.Create(OneTimePurpose.Setup, Id, Secret).Reveal();
        for (var i = 0; i < text.Length; i++)
        {
            var changed = text[..i] + (text[i] == '7' ? '8' : '7') + text[(i + 1)..];
            OneTimeLink.TryParse(OneTimePurpose.Setup, changed, out _).Should().BeFalse($"at {i}");
        }
        // The checksum is of the prefix too: one purpose's secret is not another's with another beginning.
        OneTimeLink.TryParse(OneTimePurpose.Invitation, text.Replace("sps_", "spi_"), out _).Should().BeFalse();
    }

    [Fact]
    public void It_prints_without_its_secret()
    {
        var link = OneTimeLink.Create(OneTimePurpose.Invitation, Id, Secret);
        link.ToString().Should().Be("spi_068a3cp3thz5z2mvnjywxqz0y4_[redacted]");
        FluentActions.Invoking(() => OneTimeLink.Create(OneTimePurpose.Invitation, Id, Secret.AsSpan(1).ToArray())).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_token_is_named_by_its_beginning_and_found_by_it()
    {
        var token = AccessToken.Create(Id, Secret);
        AccessToken.TryParseId(AccessToken.DisplayName(Id), out var id).Should().BeTrue();
        id.Should().Be(Id);
        AccessToken.TryParseId(token.Reveal(), out id).Should().BeTrue();
        id.Should().Be(Id);
        AccessToken.TryParseId(AccessToken.DisplayName(Id).AsSpan(4), out _).Should().BeFalse("a token begins with spt_");
        AccessToken.TryParseId("spt_", out _).Should().BeFalse();
    }
}
