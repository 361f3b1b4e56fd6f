using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Scalar.AspNetCore;
using Spendra.Control.Alerts;
using Spendra.Control.Audit;
using Spendra.Control.Budgets;
using Spendra.Control.Catalog;
using Spendra.Control.Close;
using Spendra.Control.Dashboard;
using Spendra.Control.Exports;
using Spendra.Control.Health;
using Spendra.Control.Hierarchy;
using Spendra.Control.Keys;
using Spendra.Control.Ledger;
using Spendra.Control.Members;
using Spendra.Control.Organizations;
using Spendra.Control.Policies;
using Spendra.Control.Providers;
using Spendra.Control.Reconciliation;
using Spendra.Control.Reports;
using Spendra.Control.Requests;
using Spendra.Control.Shell;
using Spendra.Control.SignIn;

namespace Spendra.Control;

/// <summary>How the executable adds the control plane to its host.</summary>
public static class ControlStartup
{
    private const string Root = "/api";
    private const string Version = Root + "/v1";

    /// <summary>
    /// Registers the management API. Needs <see cref="Storage.Database"/>, <see cref="Storage.Keys.MasterKey"/> and
    /// <see cref="TimeProvider"/> in the container.
    /// </summary>
    /// <param name="services">The host's.</param>
    /// <param name="options">Null: sessions behind https, and no other issuer.</param>
    public static IServiceCollection AddSpendraControl(this IServiceCollection services, ControlOptions? options = null)
    {
        options ??= new ControlOptions();
        services.AddSingleton(options);
        services.AddControlAuthentication(options);
        services.AddSignIn(options);
        services.AddValidation();
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.Extensions.Remove("traceId");
            if (context.ProblemDetails is not HttpValidationProblemDetails invalid) return;
            invalid.Errors = invalid.Errors.ToDictionary(e => JsonProblems.FieldOf(e.Key), e => Array.ConvertAll(e.Value, text => JsonProblems.InWordsOfJson(e.Key, text)));
            context.ProblemDetails.Type = Problem.TypeOf(ProblemKind.InvalidRequest);
            context.ProblemDetails.Title = Problem.TitleOf(ProblemKind.InvalidRequest);
            context.ProblemDetails.Detail = "The fields named in 'errors' are not as expected. Nothing was done.";
            context.ProblemDetails.Extensions["requestId"] = RequestIds.Of(context.HttpContext);
        });
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options => ControlJson.Configure(options.SerializerOptions));
        services.AddControlDocument();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<ControlCalls>();
        services.AddSingleton<ChangeDesk>();
        services.TryAddSingleton(new DomainOptions());
        services.AddSingleton<DomainProof>();
        services.AddSingleton<InvitationAcceptance>();
        services.AddSingleton<CheckpointKey>();
        services.TryAddSingleton(new ProbeOptions());
        services.AddSingleton<AccountProbe>();
        services.AddSingleton<CredentialIntake>();
        services.TryAddSingleton(new BillFetchOptions());
        services.TryAddSingleton(new ExportOptions());
        services.TryAddSingleton(provider => new BillFetcher(provider.GetRequiredService<Storage.Keys.MasterKey>(), provider.GetRequiredService<BillFetchOptions>()));
        services.TryAddSingleton(provider => new GenerationLookup(
            provider.GetRequiredService<Storage.Keys.MasterKey>(), provider.GetRequiredService<BillFetchOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddAlertChannels();
        services.AddDashboard();
        return services;
    }

    /// <summary>Maps every operation and every page, each with its mark. Below <c>/api</c> there are operations alone.</summary>
    public static void MapSpendraControl(this WebApplication app)
    {
        var calls = app.Services.GetRequiredService<ControlCalls>();
        app.Services.GetRequiredService<ApiPipeline>().Capture(app);
        app.UseRouting();
        app.UseWhen(http => http.Request.Path.StartsWithSegments(Root), branch =>
        {
            branch.UsePublicAddress(app.Services.GetRequiredService<ControlOptions>());
            branch.Use(next => http => calls.InvokeAsync(http, next));
        });
        // Behind the gate: this is what answers when somebody comes back from an OpenID Connect provider.
        app.UseAuthentication();
        app.UseWhen(PageGate.IsBefore, branch =>
        {
            branch.UsePublicAddress(app.Services.GetRequiredService<ControlOptions>());
            branch.Use(next => http => PageGate.InvokeAsync(http, next));
        });
        app.UseAntiforgery();

        var organization = app.MapGroup($"{Version}/organizations/{{{AccessGate.OrganizationParameter}}}");
        OrganizationEndpoints.Map(organization);
        DomainEndpoints.Map(organization);
        HierarchyEndpoints.Map(organization);
        RequestEndpoints.Map(organization);
        IncreaseEndpoints.Map(organization);
        KeyEndpoints.Map(organization);
        KeyRuleEndpoints.Map(organization);
        PolicyEndpoints.Map(organization);
        BudgetEndpoints.Map(organization);
        MemberEndpoints.Map(organization);
        InvitationEndpoints.Map(organization);
        TokenEndpoints.Map(organization);
        SignInRuleEndpoints.Map(organization);

        var version = app.MapGroup(Version);
        MeEndpoint.Map(version);
        InvitationAcceptance.Map(version);
        SetupEndpoint.Map(version);
        ProviderAccountEndpoints.Map(organization);
        PriceEndpoints.Map(organization);
        LedgerEndpoints.Map(organization);
        ReportEndpoints.Map(organization);
        ReconciliationEndpoints.Map(organization);
        PeriodEndpoints.Map(organization);
        ExportEndpoints.Map(organization);
        AuditEndpoints.Map(organization);
        AlertEndpoints.Map(organization);
        ChannelEndpoints.Map(organization);
        SubscriptionEndpoints.Map(organization);
        SystemEndpoints.Map(organization);

        var session = app.MapGroup($"{Version}/session");
        SessionEndpoints.Map(session);
        AccountEndpoints.Map(session);
        PasskeyEndpoints.Map(session);
        OpenIdConnectEndpoints.Map(session);

        var open = new Operation { Name = "document", Summary = "This document", Audience = Audience.Anybody };
        app.MapOpenApi(ControlDocument.Pattern).WithMetadata(open);
        app.MapScalarApiReference(Root + "/reference", options => options.WithOpenApiRoutePattern(ControlDocument.Pattern)).WithMetadata(open with { Name = "reference", Summary = "A page to read the document on" });
        app.Map(Root + "/{**rest}", (HttpContext http) => Problem.NotFound.WriteAsync(http));
        app.MapDashboard();
    }
}
