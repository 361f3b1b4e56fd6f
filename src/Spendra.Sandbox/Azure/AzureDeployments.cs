using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Azure;

/// <summary>On Azure the model of a call is the name of a deployment; the answer names the model behind it.</summary>
internal static class AzureDeployments
{
    /// <summary>The older API refuses a request without a version as if its path did not exist.</summary>
    public static Refusal? RefuseVersion(Exchange exchange) =>
        exchange.Match.NeedsApiVersion && string.IsNullOrEmpty(exchange.Context.Request.Query["api-version"])
            ? Refusal.NotFound("Resource not found")
            : null;

    /// <summary>Finds the model behind the deployment that the call names.</summary>
    public static Refusal? Resolve(Exchange exchange, ModelCall call)
    {
        var deployments = exchange.Sandbox.Options.Deployments;
        if (exchange.Match.Provider is not SandboxProvider.Azure || deployments.Count == 0 || call.Model is null)
            return null;
        if (!deployments.TryGetValue(call.Model, out var model))
        {
            return Refusal.NotFound("The API deployment for this resource does not exist.") with { NativeCode = "DeploymentNotFound" };
        }
        call.ServedModel = model;
        return null;
    }
}
