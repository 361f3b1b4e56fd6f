using Dapper;
using Spendra.Proof.Worlds;

namespace Spendra.Proof.Kills;

/// <summary>
/// What a server leaves behind that stopped because it was asked to: nothing that its gateway should have ended itself.
/// To be looked at before any sweep has its turn, since a sweep books what a stop has lost and makes it look like a crash.
/// </summary>
internal static class PeacefulStop
{
    // A response that goes on at the provider belongs to no gateway.
    private const string Left = "SELECT reservation_id FROM open_reservations WHERE gateway_id IS NOT NULL";

    private const string TakenAway = "SELECT reservation_id FROM spend_events WHERE kind = 1 AND occurred_at < expires_at";

    /// <param name="world">In which no other gateway has died.</param>
    /// <param name="mayHaveLapsed">The gateway could not say for so long that it lives that its lease may have ended.</param>
    public static async Task<IReadOnlyList<string>> InspectAsync(World world, bool mayHaveLapsed)
    {
        await using var database = world.Open();
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        var violations = new List<string>();
        foreach (var id in await connection.QueryAsync<Guid>(Left))
            violations.Add($"{world.Journal.Name}: reservation {id} was left open by a stop in peace");
        if (mayHaveLapsed) return violations;
        foreach (var id in await connection.QueryAsync<Guid>(TakenAway))
            violations.Add($"{world.Journal.Name}: reservation {id} was booked at its bound before its time, and its gateway lived");
        return violations;
    }
}
