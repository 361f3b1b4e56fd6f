using Npgsql;
using Spendra.Storage.Postgres;

namespace Spendra.Storage.Tests;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("disable", SslMode.Disable)]
    [InlineData("require", SslMode.Require)]
    [InlineData("verify-ca", SslMode.VerifyCA)]
    [InlineData("verify-full", SslMode.VerifyFull)]
    public void Modes_of_TLS_are_spelt_as_in_every_address_of_PostgreSQL(string written, SslMode read)
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgresAddress.ToConnectionString($"postgres://spendra:secret@db.example/spendra?sslmode={written}&MaxPoolSize=50"));

        (settings.SslMode, settings.MaxPoolSize).Should().Be((read, 50));
    }

    [Fact]
    public void A_mode_that_there_is_not_is_refused_by_name()
    {
        var reading = () => PostgresAddress.ToConnectionString("postgres://spendra:secret@db.example/spendra?sslmode=verify-somewhat");

        reading.Should().Throw<FormatException>().WithMessage("*'sslmode'*").Which.Message.Should().NotContain("secret");
    }
}
