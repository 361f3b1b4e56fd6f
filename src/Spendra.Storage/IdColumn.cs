using System.Data.Common;
using Dapper;
using Npgsql;

namespace Spendra.Storage;

/// <summary>Reads an id where rows come by the million and no object is made of each.</summary>
internal static class IdColumn
{
    public static Guid ReadId(this DbDataReader reader, int ordinal) => IsPostgres(reader)
        ? reader.GetGuid(ordinal)
        : new Guid(reader.GetFieldValue<byte[]>(ordinal), bigEndian: true);

    private static bool IsPostgres(DbDataReader reader) =>
        reader is NpgsqlDataReader or IWrappedDataReader { Reader: NpgsqlDataReader };
}
