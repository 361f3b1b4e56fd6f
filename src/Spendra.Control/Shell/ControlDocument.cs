using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Spendra.Core.Access;
using Spendra.Core.Money;

namespace Spendra.Control.Shell;

/// <summary>The OpenAPI document of the management API, made of the marks on its endpoints.</summary>
internal static class ControlDocument
{
    public const string Name = "v1";
    public const string Pattern = "/api/openapi.json";

    public static void AddControlDocument(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<Operation>().Any();
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(NanoUsd)) DescribeMoney(schema);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var marks = context.Description.ActionDescriptor.EndpointMetadata;
            Describe(operation, marks.OfType<Operation>().Single(), context.Document!);
            ControlParameters.AddTo(operation, context.Description);
            if (marks.OfType<InPerson>().Any()) operation.Description += " Not with a personal access token.";
            return Task.CompletedTask;
        });
    });

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Spendra management API",
            Version = "v1",
            Description = "Who may govern what an organization spends on AI, and the record of it. Money is exact decimal text in US dollars; times are UTC.",
            Contact = new OpenApiContact { Name = "Whoever runs this installation" },
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["token"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "A personal access token (spt_…), or a token of the configured issuer.",
        };
        document.Components.SecuritySchemes["session"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Cookie,
            Name = "__Host-spendra-session",
            Description = $"A browser's session, begun by signing in. What changes something needs the header {SessionAuthentication.AntiforgeryHeader} as well. On http at loopback the name has no prefix.",
        };
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas["Problem"] = ProblemSchema();
    }

    private static void DescribeMoney(OpenApiSchema schema)
    {
        schema.Type = JsonSchemaType.String;
        schema.Description = "An exact amount in US dollars, with at most nine decimals. A number is read as well, as it is written.";
        schema.Pattern = "^-?[0-9]+(\\.[0-9]{1,9})?$";
        schema.Examples = [JsonValue.Create("12.5")!];
    }

    private static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "What went wrong (RFC 9457). Nothing of the call was done.",
        Required = new HashSet<string> { "type", "title", "status", "detail", "requestId" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = $"Stable: {Problem.TypePrefix} and a name." },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "What happened and what to do." },
            ["requestId"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Names the call in logs and audit records." },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "By field or parameter: what is wrong with it.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        },
    };

    private static void Describe(OpenApiOperation operation, Operation mark, OpenApiDocument document)
    {
        operation.Description = mark.Audience switch
        {
            Audience.Anybody => $"{mark.Summary}. Open to anybody.",
            Audience.SignedIn => $"{mark.Summary}. For whoever is signed in.",
            Audience.Members => mark.Needs is { } needed ? $"{mark.Summary}. Needs `{Capabilities.NameOf(needed)}`." : $"{mark.Summary}. For every member with a role.",
        };
        if (mark.Audience != Audience.Anybody)
            operation.Security = [.. Schemes(mark).Select(s => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(s, document)] = [] })];
        if (mark.Example is not null && operation.RequestBody?.Content is { } content)
        {
            foreach (var media in content.Values) media.Example = JsonSerializer.SerializeToNode(mark.Example, ControlJson.Options);
        }
        operation.Responses ??= [];
        foreach (var group in Shared(mark).Concat(mark.Problems).Distinct().GroupBy(k => new Problem(k, "").Status).OrderBy(g => g.Key))
        {
            operation.Responses[group.Key.ToString()] = new OpenApiResponse
            {
                Description = string.Join(" ", group.Select(k => $"`{Problem.TypeOf(k)}`")),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new OpenApiMediaType { Schema = new OpenApiSchemaReference("Problem", document), Example = Sample(group.First()) },
                },
            };
        }
    }

    private static string[] Schemes(Operation mark) => mark.NeedsSession ? ["session"] : ["token", "session"];

    private static ProblemKind[] Shared(Operation mark) => mark.Audience switch
    {
        Audience.Anybody => [ProblemKind.InvalidRequest, ProblemKind.DatabaseUnavailable],
        Audience.SignedIn => [ProblemKind.InvalidRequest, ProblemKind.Unauthenticated, ProblemKind.DatabaseUnavailable],
        Audience.Members => [ProblemKind.InvalidRequest, ProblemKind.Unauthenticated, ProblemKind.Forbidden, ProblemKind.NotFound, ProblemKind.DatabaseUnavailable],
    };

    private static JsonObject Sample(ProblemKind kind) => new()
    {
        ["type"] = Problem.TypeOf(kind),
        ["title"] = Problem.TitleOf(kind),
        ["status"] = new Problem(kind, "").Status,
        ["detail"] = Problem.TitleOf(kind),
        ["requestId"] = "0199c3e4-8f1a-7b52-a3c1-5d0f6a2e9b10",
    };
}
