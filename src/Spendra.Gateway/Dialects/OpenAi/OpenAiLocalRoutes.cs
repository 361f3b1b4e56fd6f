using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Gateway.Requests;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Routes that are answered from here, without a provider: the models that a key may use, and the files that its
/// organization owns.
/// </summary>
internal sealed partial class OpenAiLocalRoutes(GatewayParts parts, LocalRequest local)
{
    public const int MaxPage = 10_000;

    private static readonly GovernedRoute Models = Local("models.list", "/models");
    private static readonly GovernedRoute Files = Local("files.list", "/files");

    private static GovernedRoute Local(string name, string pattern) => new()
    {
        Name = name, Method = "GET", Pattern = pattern, Dialect = OpenAiDialect.Instance, ClientPrefixes = ["/v1"],
    };

    public Task ListModelsAsync(HttpContext context) => AnswerAsync(context, Models, call =>
        Task.FromResult<(object?, GatewayError?)>((new OpenAiModelList { Data = [.. UsableModels(call)] }, null)));

    public Task GetModelAsync(HttpContext context) => AnswerAsync(context, Models, call =>
    {
        var id = (string?)context.Request.RouteValues["id"];
        var model = UsableModels(call).FirstOrDefault(m => m.Id == id);
        return Task.FromResult<(object?, GatewayError?)>(model is null
            ? (null, new GatewayError(404, "invalid_request_error", "model_not_found", "No such model, or it is not in the scope of this key. GET /v1/models lists what is."))
            : (model, null));
    });

    public Task ListFilesAsync(HttpContext context) => AnswerAsync(context, Files, async call =>
    {
        if (ReadPage(call, out var page) is { } fault) return (null, fault);
        var oneMore = page with { Limit = page.Limit + 1 };
        var files = await parts.Objects.ListFilesAsync(call.Snapshot.OrganizationId, oneMore, context.RequestAborted);
        return (TakePage(files, page.Limit), null);
    });

    private IEnumerable<OpenAiModel> UsableModels(GovernedCall call) =>
        from price in local.UsablePrices(call)
        select new OpenAiModel
        {
            Id = price.Provider == ModelName.BareProvider ? price.Model : $"{price.Provider}/{price.Model}",
            Created = price.EffectiveFrom / 1_000_000,
            OwnedBy = price.Provider,
        };

    private Task AnswerAsync(
        HttpContext context, GovernedRoute route, Func<GovernedCall, Task<(object? Answer, GatewayError? Error)>> answer) =>
        local.AnswerAsync(context, route, async call =>
        {
            var (value, error) = await answer(call);
            if (error is null) await WriteAsync(context, call, value!);
            return error;
        });

    private static async Task WriteAsync(HttpContext context, GovernedCall call, object value)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers[ExplainHeaders.RequestId] = call.RequestId.ToString();
        JsonTypeInfo type = value switch
        {
            OpenAiModelList => OpenAiJson.Default.OpenAiModelList,
            OpenAiModel => OpenAiJson.Default.OpenAiModel,
            OpenAiFileList => OpenAiJson.Default.OpenAiFileList,
            _ => throw new InvalidOperationException($"no shape for {value.GetType().Name}"),
        };
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    private GatewayError? ReadPage(GovernedCall call, out FilePage page)
    {
        var query = call.Context.Request.Query;
        var limit = MaxPage;
        page = default;
        if (query.TryGetValue("limit", out var text) && (!int.TryParse(text, out limit) || limit is < 1 or > MaxPage))
            return GatewayError.Invalid($"'limit' must be a whole number from 1 to {MaxPage}.", "limit");
        if (query["order"].ToString() is not ("" or "asc" or "desc"))
            return GatewayError.Invalid("'order' must be 'asc' or 'desc'.", "order");
        var (after, purpose) = (NotEmpty(query["after"]), NotEmpty(query["purpose"]));
        if (after is not null && !Intake.IsObjectId(after)) return GatewayError.Invalid("'after' must be the id of a file.", "after");
        // A purpose is a word of the same letters as an id.
        if (purpose is not null && !Intake.IsObjectId(purpose)) return GatewayError.Invalid("'purpose' must be one of the provider's purposes.", "purpose");
        page = new FilePage(limit, query["order"] == "asc", after, purpose) { IsTest = call.IsTest, NowMicros = Micros.Now(parts.Time) };
        return null;
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static OpenAiFileList TakePage(IReadOnlyList<ProviderObject> files, int limit)
    {
        var data = files.Take(limit).Select(Show).ToList();
        return new OpenAiFileList
        {
            Data = data,
            FirstId = data.Count > 0 ? data[0].Id : null,
            LastId = data.Count > 0 ? data[^1].Id : null,
            HasMore = files.Count > limit,
        };
    }

    private static OpenAiFile Show(ProviderObject file) => new()
    {
        Id = file.ObjectId,
        Bytes = file.Bytes,
        CreatedAt = file.CreatedAt / 1_000_000,
        ExpiresAt = file.ExpiresAt / 1_000_000,
        FileName = file.FileName,
        Purpose = file.Purpose,
    };
}
