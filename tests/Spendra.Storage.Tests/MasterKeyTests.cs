using System.Security.Cryptography;
using Spendra.Storage.Keys;

namespace Spendra.Storage.Tests;

public sealed class MasterKeyTests
{
    private static readonly string Configured = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void The_same_bytes_give_the_same_key_and_other_bytes_another()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        var (key, same, other) = (new MasterKey(bytes), new MasterKey(bytes), new MasterKey(RandomNumberGenerator.GetBytes(32)));
        key.Fingerprint.Should().Be(same.Fingerprint).And.HaveLength(16).And.NotBe(other.Fingerprint);
        key.DigestSecret([1, 2, 3]).Should().Equal(same.DigestSecret([1, 2, 3])).And.NotEqual(other.DigestSecret([1, 2, 3]));
        key.ToString().Should().NotContain(Convert.ToHexStringLower(bytes)[..8]).And.Contain("redacted");
        var tooShort = () => new MasterKey(new byte[31]);
        tooShort.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Every_byte_of_a_secret_counts()
    {
        var key = new MasterKey(RandomNumberGenerator.GetBytes(32));
        var secret = RandomNumberGenerator.GetBytes(32);
        var digest = key.DigestSecret(secret);
        digest.Should().HaveCount(32);
        for (var i = 0; i < secret.Length; i++)
        {
            secret[i] ^= 1;
            key.DigestSecret(secret).Should().NotEqual(digest, $"byte {i} differs");
            secret[i] ^= 1;
        }
    }

    [Fact]
    public void A_sealed_credential_opens_only_for_its_row_and_organization_and_key()
    {
        var key = new MasterKey(RandomNumberGenerator.GetBytes(32));
        var (organization, row) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var sealedBytes = key.Seal(organization, row, "sk-ключ");

        key.Open(organization, row, sealedBytes).Should().Be("sk-ключ");
        Refuses(() => key.Open(organization, Guid.CreateVersion7(), sealedBytes));
        Refuses(() => key.Open(Guid.CreateVersion7(), row, sealedBytes));
        Refuses(() => key.Open(row, organization, sealedBytes));
        Refuses(() => new MasterKey(RandomNumberGenerator.GetBytes(32)).Open(organization, row, sealedBytes));
        for (var i = 0; i < sealedBytes.Length; i++)
        {
            var altered = sealedBytes.ToArray();
            altered[i] ^= 1;
            Refuses(() => key.Open(organization, row, altered));
        }
        Refuses(() => key.Open(organization, row, sealedBytes.AsSpan(0, 20)));
        key.Seal(organization, row, "sk-ключ").Should().NotEqual(sealedBytes, "every seal has a nonce of its own");
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_configured_key_that_is_none_is_refused_by_name(string configured)
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var act = () => MasterKeyStore.LoadAsync(store.Database, store.Target, configured, Cancel);
        (await act.Should().ThrowAsync<MasterKeyException>()).WithMessage("SPENDRA__MASTERKEY is not a key*");
    }

    [Fact]
    public async Task Base64_and_hexadecimal_name_the_same_key()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var hex = Convert.ToHexString(Convert.FromBase64String(Configured));
        var first = await MasterKeyStore.LoadAsync(store.Database, store.Target, Configured, Cancel);
        var second = await MasterKeyStore.LoadAsync(store.Database, store.Target, $" {hex}\n", Cancel);
        second.Fingerprint.Should().Be(first.Fingerprint);
        File.Exists(Path.Combine(store.Folder, MasterKeyStore.FileName)).Should().BeFalse("a configured key needs no file");
    }

    [Fact]
    public async Task A_new_database_gets_a_key_file_that_only_the_owner_reads()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var first = await MasterKeyStore.LoadAsync(store.Database, store.Target, null, Cancel);
        var second = await MasterKeyStore.LoadAsync(store.Database, store.Target, null, Cancel);
        second.Fingerprint.Should().Be(first.Fingerprint);
        var path = Path.Combine(store.Folder, MasterKeyStore.FileName);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(store.Folder, "master.key*").Should().Equal([path], "no draft stays behind");
    }

    [Fact]
    public async Task Processes_that_start_together_agree_on_one_key()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var keys = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(
            () => MasterKeyStore.LoadAsync(store.Database, store.Target, null, Cancel))));
        keys.Select(k => k.Fingerprint).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task Another_key_than_the_database_was_set_up_with_is_refused()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var key = await MasterKeyStore.LoadAsync(store.Database, store.Target, null, Cancel);
        var act = () => MasterKeyStore.LoadAsync(store.Database, store.Target, Configured, Cancel);
        (await act.Should().ThrowAsync<MasterKeyException>()).WithMessage($"SPENDRA__MASTERKEY holds master key * set up with {key.Fingerprint}: *");
    }

    [Fact]
    public async Task A_lost_key_file_is_not_replaced()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await MasterKeyStore.LoadAsync(store.Database, store.Target, null, Cancel);
        var path = Path.Combine(store.Folder, MasterKeyStore.FileName);
        File.Delete(path);
        var act = () => MasterKeyStore.LoadAsync(store.Database, store.Target, null, Cancel);
        (await act.Should().ThrowAsync<MasterKeyException>()).WithMessage("*does not exist: restore that file or set SPENDRA__MASTERKEY");
        File.Exists(path).Should().BeFalse();
        File.WriteAllText(path, "garbage");
        (await act.Should().ThrowAsync<MasterKeyException>()).WithMessage("*is not a master key: expected one line with 32 bytes in base64*");
    }

    [Fact]
    public async Task On_postgres_the_fingerprint_race_has_one_winner()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                var configured = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
                return (await MasterKeyStore.LoadAsync(store.Database, store.Target, configured, Cancel)).Fingerprint;
            }
            catch (MasterKeyException)
            {
                return null;
            }
        })));
        outcomes.Where(o => o is not null).Should().ContainSingle();
    }

    private static void Refuses(Action act) => act.Should().Throw<MasterKeyException>();
}
