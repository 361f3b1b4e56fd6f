using System.Collections.Immutable;
using Spendra.Core.Ledger;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>The routes of batches below those of a provider that speaks OpenAI's format.</summary>
internal static class BatchRoutes
{
    public static ImmutableArray<GovernedRoute> Of(GovernedRoute route)
    {
        var batch = route with { Dialect = BatchDialect.Instance };
        return
        [
            batch with { Name = "batches.create", Pattern = "/batches", Intake = BodyIntake.Governed, IsPriced = true, HasOutput = true, Makes = ObjectKind.Batch },
            batch with { Name = "batches.list", Method = "GET", Pattern = "/batches", ListsBatches = true },
            batch with { Name = "batches.get", Method = "GET", Pattern = "/batches/{id}", Names = ObjectKind.Batch },
            batch with { Name = "batches.cancel", Pattern = "/batches/{id}/cancel", Names = ObjectKind.Batch },
        ];
    }
}
