using System.Data;
using Npgsql;

namespace Spendra.Storage.Tests;

/// <summary>A connection that breaks is an outage, whoever tells of it; anything else is a bug and stays one.</summary>
public sealed class DatabaseFailureTests
{
    public static TheoryData<Exception, bool> Exceptions => new()
    {
        { new DatabaseUnavailableException("gone"), true },
        { new NpgsqlException("gone"), true },
        // As the library that reads rows puts it when the connection breaks in the middle of one.
        { new DataException("while a row was read", new NpgsqlException("gone")), true },
        { new DataException("while a row was read", new EndOfStreamException()), true },
        { new DataException("a column of another type", new InvalidCastException()), false },
        { new DataException("nothing inside"), false },
        { new InvalidOperationException("a bug"), false },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void A_failure_of_the_database_is_told_from_a_bug(Exception exception, bool isFailure) =>
        DatabaseUnavailableException.IsSaidBy(exception).Should().Be(isFailure);
}
