using System.Data;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Spendra.Storage;

/// <summary>
/// Ids are <c>uuid</c> on PostgreSQL and 16 big-endian bytes on SQLite, where their order is then the order of
/// creation on both.
/// </summary>
internal static class DapperTypes
{
    private static readonly Lock Gate = new();
    private static bool _registered;

    public static void Register()
    {
        lock (Gate)
        {
            if (_registered) return;
            SqlMapper.RemoveTypeMap(typeof(Guid));
            SqlMapper.RemoveTypeMap(typeof(Guid?));
            SqlMapper.AddTypeHandler(new GuidHandler());
            DefaultTypeMap.MatchNamesWithUnderscores = true;
            _registered = true;
        }
    }

    private sealed class GuidHandler : SqlMapper.TypeHandler<Guid>
    {
        public override void SetValue(IDbDataParameter parameter, Guid value) =>
            parameter.Value = parameter is SqliteParameter ? value.ToByteArray(bigEndian: true) : value;

        public override Guid Parse(object value) => value switch
        {
            Guid id => id,
            byte[] bytes => new Guid(bytes, bigEndian: true),
            _ => throw new DataException($"cannot read an id from {value.GetType().Name}"),
        };
    }
}
