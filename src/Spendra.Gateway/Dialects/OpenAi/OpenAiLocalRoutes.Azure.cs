using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// The models of Azure as its clients need them: the names of deployments, since these are what a request may name. Azure
/// itself lists models there, of which it says neither whether nor under which name they are deployed.
/// </summary>
internal sealed partial class OpenAiLocalRoutes
{
    public Task ListDeploymentsAsync(HttpContext context) => AnswerAsync(context, Models, call =>
        Task.FromResult<(object?, GatewayError?)>((new OpenAiModelList { Data = [.. UsableDeployments(call)] }, null)));

    public Task GetDeploymentAsync(HttpContext context) => AnswerAsync(context, Models, call =>
    {
        var id = (string?)context.Request.RouteValues["id"];
        var deployment = UsableDeployments(call).FirstOrDefault(d => d.Id == id);
        return Task.FromResult<(object?, GatewayError?)>(deployment is null
            ? (null, new GatewayError(404, "invalid_request_error", "model_not_found", "No such deployment, or its model is not in the scope of this key. GET /openai/v1/models lists those that are."))
            : (deployment, null));
    });

    /// <summary>The deployments whose model has a price and is permitted; of two with one name the one that would serve.</summary>
    private IEnumerable<OpenAiModel> UsableDeployments(GovernedCall call)
    {
        var usable = local.UsablePrices(call).Where(p => p.Provider == KnownProvider.Azure).ToDictionary(p => p.Model, StringComparer.Ordinal);
        var named = from account in call.Snapshot.Accounts
                    where account.Provider == KnownProvider.Azure
                    from deployment in account.Settings.Deployments
                    select deployment;
        return from deployment in named.DistinctBy(d => d.Key, StringComparer.Ordinal).OrderBy(d => d.Key, StringComparer.Ordinal)
               let price = usable.GetValueOrDefault(deployment.Value)
               where price is not null
               select Show(deployment.Key, price);
    }

    private static OpenAiModel Show(string deployment, PriceVersion price) => new()
    {
        Id = deployment,
        Created = price.EffectiveFrom / 1_000_000,
        OwnedBy = price.Provider,
    };
}
