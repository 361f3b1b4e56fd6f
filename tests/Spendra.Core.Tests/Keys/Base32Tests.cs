using CsCheck;
using Spendra.Core.Keys;

namespace Spendra.Core.Tests.Keys;

public sealed class Base32Tests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("00", "00")]
    [InlineData("FF", "zw")]
    [InlineData("0123456789", "04hmasw9")]
    [InlineData("DEADBEEF", "vtpvxvr")]
    public void Bytes_have_their_known_spelling(string hex, string text)
    {
        Base32.Encode(Convert.FromHexString(hex)).Should().Be(text);
        Base32.LengthOf(hex.Length / 2).Should().Be(text.Length);
    }

    [Fact]
    public void All_bytes_survive() => Gen.Byte.Array[0, 64].Sample(bytes =>
    {
        var read = new byte[bytes.Length];
        return Base32.TryDecode(Base32.Encode(bytes), read) && read.AsSpan().SequenceEqual(bytes);
    }, iter: 2_000);

    [Fact]
    public void Text_that_decodes_is_the_only_spelling_of_its_bytes() =>
        Gen.Char["0123456789abcdefghjkmnpqrstvwxyz"].Array[8].Sample(chars =>
        {
            var text = new string(chars);
            foreach (var length in (int[])[1, 2, 3, 4, 5])
            {
                var part = text[..Base32.LengthOf(length)];
                var bytes = new byte[length];
                if (Base32.TryDecode(part, bytes) && Base32.Encode(bytes) != part) return false;
            }
            return true;
        }, iter: 2_000);

    [Theory]
    [InlineData("0", 1)]
    [InlineData("000", 1)]
    [InlineData("0i", 1)]
    [InlineData("0l", 1)]
    [InlineData("0o", 1)]
    [InlineData("0u", 1)]
    [InlineData("0A", 1)]
    [InlineData("01", 1)]
    [InlineData("0\u0100", 1)]
    public void Foreign_characters_lengths_and_stray_bits_are_refused(string text, int bytes) =>
        Base32.TryDecode(text, new byte[bytes]).Should().BeFalse();
}
