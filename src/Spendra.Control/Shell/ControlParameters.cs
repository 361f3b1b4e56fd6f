using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;

namespace Spendra.Control.Shell;

/// <summary>The parameters that the gate and the desk read, which no handler names.</summary>
internal static class ControlParameters
{
    public static void AddTo(OpenApiOperation operation, ApiDescription description)
    {
        operation.Parameters ??= [];
        if (description.RelativePath!.Contains($"{{{AccessGate.OrganizationParameter}}}", StringComparison.Ordinal))
            operation.Parameters.Insert(0, Text(AccessGate.OrganizationParameter, ParameterLocation.Path, isRequired: true, "The organization's slug.", "acme"));
        var reads = description.ActionDescriptor.EndpointMetadata.OfType<Microsoft.AspNetCore.Http.Metadata.IParameterBindingMetadata>()
            .Select(p => p.ParameterInfo.ParameterType).ToHashSet();
        if (reads.Contains(typeof(EntityTag)))
            operation.Parameters.Add(Text("If-Match", ParameterLocation.Header, isRequired: true, "The entity tag of what the change is based on, or * for whatever is there.", "\"7\""));
        if (reads.Contains(typeof(Repetition)))
            operation.Parameters.Add(Text(Repetition.Header, ParameterLocation.Header, isRequired: false, "Repeated with the same key, the creation is made once and answered as the first time.", "0199c3e4"));
        if (reads.Contains(typeof(Caller)) && !HttpMethods.IsGet(description.HttpMethod!))
            operation.Parameters.Add(Text(AccessGate.ReasonHeader, ParameterLocation.Header, isRequired: false, "Why, for the audit record.", "Ticket 4711"));
    }

    private static OpenApiParameter Text(string name, ParameterLocation place, bool isRequired, string description, string example) => new()
    {
        Name = name,
        In = place,
        Required = isRequired,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = example,
    };
}
