using System.Text.Json;
using CsCheck;
using Spendra.Core.Keys;

namespace Spendra.Core.Tests.Keys;

public sealed class KeyTokenTests
{
    private const string Live = "spk_live_068a3cp3thz5z2mvnjywxqz0y4_000g40r40m30e209185gr38e1w8124gk2gahc5rr34d1p70x3rfkmn3pvm";
    private const string Test = "spk_test_068a3cp3thz5z2mvnjywxqz0y4_000g40r40m30e209185gr38e1w8124gk2gahc5rr34d1p70x3rfy7c50m8";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly Guid KeyId = new("0190a1b2-c3d4-7e5f-8a9b-acbdcedfe0f1");
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly Gen<KeyToken> AnyToken = Gen.Select(
        Gen.Bool, Gen.Guid, Gen.Byte.Array[KeyToken.SecretBytes],
        (live, id, secret) => KeyToken.Create(live ? KeyMode.Live : KeyMode.Test, id, secret));

    [Theory]
    [InlineData(KeyMode.Live, Live)]
    [InlineData(KeyMode.Test, Test)]
    public void Text_of_a_token_never_changes_between_releases(KeyMode mode, string text)
    {
        // Worked out independently: keys in the field must stay readable.
        KeyToken.Create(mode, KeyId, Secret).Reveal().Should().Be(text);
        KeyToken.TryParse(text, out var token).Should().BeTrue();
        token!.Mode.Should().Be(mode);
        token.KeyId.Should().Be(KeyId);
        token.Secret.ToArray().Should().Equal(Secret);
        text.Length.Should().Be(KeyToken.Length);
    }

    [Fact]
    public void Every_token_survives_revealing_and_parsing() => AnyToken.Sample(token =>
        KeyToken.TryParse(token.Reveal(), out var read)
        && read.Mode == token.Mode && read.KeyId == token.KeyId && read.Secret.SequenceEqual(token.Secret), iter: 3_000);

    [Theory]
    [InlineData(Live)]
    [InlineData(Test)]
    public void No_single_character_can_change(string text)
    {
        const string replacements = Alphabet + "ilouAZLIVE_-+/= \0\n'\"%é０\uFFFF";
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var c in replacements)
            {
                if (c == text[at]) continue;
                var changed = string.Concat(text.AsSpan(0, at), [c], text.AsSpan(at + 1));
                KeyToken.TryParse(changed, out var token).Should().BeFalse($"position {at} became '{c}'");
                token.Should().BeNull();
            }
        }
    }

    [Fact]
    public void No_two_neighbours_can_change_places()
    {
        for (var at = 0; at + 1 < Live.Length; at++)
        {
            if (Live[at] == Live[at + 1]) continue;
            var swapped = $"{Live[..at]}{Live[at + 1]}{Live[at]}{Live[(at + 2)..]}";
            KeyToken.TryParse(swapped, out _).Should().BeFalse($"positions {at} and {at + 1} were swapped");
        }
    }

    [Fact]
    public void Live_token_does_not_pass_as_a_test_token() =>
        KeyToken.TryParse(Live.Replace("live", "test", StringComparison.Ordinal), out _).Should().BeFalse();

    [Fact]
    public void Secret_of_one_key_does_not_pass_under_another_id()
    {
        var other = KeyToken.Create(KeyMode.Live, Guid.Empty, Secret).Reveal();
        KeyToken.TryParse(other[..36] + Live[36..], out _).Should().BeFalse();
    }

    public static TheoryData<string> Junk => new(
        "", "_", "spk_live_", "Bearer", "sk-proj-abcdefghijklmnopqrstuvwxyz",
        Live[1..], Live[..^1], Live + "0", " " + Live, Live + "\n", Live.ToUpperInvariant(), Live + Live,
        "spk_live_' OR '1'='1' --",
        "spk_live_068a3cp3thz5z2mvnjywxqz0y4_' OR 1=1; DROP TABLE keys; --                              ",
        "'; SELECT pg_sleep(10); --068a3cp3thz5z2mvnjywxqz0y4_000g40r40m30e209185gr38e1w8124gk2gahc5rr",
        new string('\0', KeyToken.Length), new string('_', KeyToken.Length), new string('0', KeyToken.Length),
        new string('\uD800', KeyToken.Length), "spk_live_" + new string('0', KeyToken.Length - 9));

    [Theory]
    [MemberData(nameof(Junk))]
    public void Text_that_is_no_token_is_refused(string text)
    {
        KeyToken.TryParse(text, out var token).Should().BeFalse();
        token.Should().BeNull();
    }

    [Fact]
    public void Megabyte_of_text_is_refused()
    {
        KeyToken.TryParse(new string('a', 1 << 20), out _).Should().BeFalse();
        KeyToken.TryParse(Live + new string('0', 1 << 20), out _).Should().BeFalse();
        KeyToken.TryParseId(new string('0', 1 << 20), out _).Should().BeFalse();
    }

    [Fact]
    public void Random_text_of_the_right_length_is_refused() =>
        Gen.Char[Alphabet].Array[84].Sample(chars =>
            !KeyToken.TryParse($"spk_live_{new string(chars, 0, 26)}_{new string(chars, 26, 58)}", out _), iter: 3_000);

    [Fact]
    public void Every_value_has_one_spelling()
    {
        // The two spare bits at the end of the id (26 × 5 − 128) and of the secret (58 × 5 − 288) must be zero.
        foreach (var (at, spare) in new[] { (34, 3), (KeyToken.Length - 1, 3) })
        {
            var value = Alphabet.IndexOf(Live[at]);
            (value & spare).Should().Be(0);
            for (var stray = 1; stray <= spare; stray++)
            {
                var changed = string.Concat(Live.AsSpan(0, at), [Alphabet[value | stray]], Live.AsSpan(at + 1));
                KeyToken.TryParse(changed, out _).Should().BeFalse();
                if (at == 34) KeyToken.TryParseId(changed, out _).Should().BeFalse();
            }
        }
    }

    [Fact]
    public void Printed_token_shows_the_id_and_hides_the_secret()
    {
        var token = KeyToken.Create(KeyMode.Live, KeyId, Secret);
        token.ToString().Should().Be("spk_live_068a3cp3thz5z2mvnjywxqz0y4_[redacted]");
        $"{token}".Should().NotContain(Live[36..44]);
    }

    [Fact]
    public void Token_cannot_be_serialized()
    {
        // A span cannot be serialized, so logging the token as an object fails instead of leaking.
        var token = KeyToken.Create(KeyMode.Live, KeyId, Secret);
        FluentActions.Invoking(() => JsonSerializer.Serialize(token)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Token_keeps_its_own_copy_of_the_secret()
    {
        var bytes = Secret.ToArray();
        var token = KeyToken.Create(KeyMode.Live, KeyId, bytes);
        Array.Clear(bytes);
        token.Reveal().Should().Be(Live);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Secret_of_another_length_is_a_bug(int length) =>
        FluentActions.Invoking(() => KeyToken.Create(KeyMode.Live, KeyId, new byte[length]))
            .Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [InlineData(Live)]
    [InlineData(Test)]
    [InlineData("spk_live_068a3cp3thz5z2mvnjywxqz0y4")]
    [InlineData("spk_test_068a3cp3thz5z2mvnjywxqz0y4")]
    [InlineData("068a3cp3thz5z2mvnjywxqz0y4")]
    public void Key_id_is_read_from_its_name_or_a_full_token(string text)
    {
        KeyToken.TryParseId(text, out var id).Should().BeTrue();
        id.Should().Be(KeyId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("spk_live_")]
    [InlineData("spk_prod_068a3cp3thz5z2mvnjywxqz0y4")]
    [InlineData("068a3cp3thz5z2mvnjywxqz0y")]
    [InlineData("068a3cp3thz5z2mvnjywxqz0y44")]
    [InlineData("068A3CP3THZ5Z2MVNJYWXQZ0Y4")]
    [InlineData("068a3cp3thz5z2mvnjywxqz0y' OR 1=1")]
    [InlineData("_068a3cp3thz5z2mvnjywxqz0y4")]
    public void Text_without_a_key_id_names_no_key(string text)
    {
        KeyToken.TryParseId(text, out var id).Should().BeFalse();
        id.Should().Be(Guid.Empty);
    }

    [Fact]
    public void Every_display_name_is_read_back() => Gen.Select(Gen.Bool, Gen.Guid).Sample((live, keyId) =>
        KeyToken.TryParseId(KeyToken.DisplayName(live ? KeyMode.Live : KeyMode.Test, keyId), out var read) && read == keyId);
}
