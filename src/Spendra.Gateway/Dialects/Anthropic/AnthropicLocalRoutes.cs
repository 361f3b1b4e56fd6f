using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;
using Spendra.Storage;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Routes of Anthropic's clients that are answered from here: the models that a key may use, and whether there is anybody.</summary>
internal sealed class AnthropicLocalRoutes(LocalRequest local)
{
    private const int DefaultPage = 20;
    public const int MaxPage = 1_000;

    private static readonly GovernedRoute Models = new()
    {
        Name = "models.list", Method = "GET", Pattern = "/models", Dialect = AnthropicDialect.Instance, ClientPrefixes = ["/v1"],
    };

    /// <summary>Whether a request is in this dialect, where several share a path: its clients send the version with everything.</summary>
    public static bool Speaks(HttpContext context) => context.Request.Headers.ContainsKey(AnthropicDialect.VersionHeader);

    /// <summary>Claude Code asks for the root before it starts; there is nothing to tell.</summary>
    public static Task ConfirmAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        return Task.CompletedTask;
    }

    public Task ListModelsAsync(HttpContext context) => AnswerAsync(context, call =>
    {
        if (ReadPage(context.Request.Query, out var limit) is { } fault) return (null, fault);
        var models = Usable(call).ToList();
        string? after = context.Request.Query["after_id"], before = context.Request.Query["before_id"];
        var isBackward = !string.IsNullOrEmpty(before);
        var rest = isBackward ? models.TakeWhile(m => m.Model != before).Reverse()
            : string.IsNullOrEmpty(after) ? models
            : models.SkipWhile(m => m.Model != after).Skip(1);
        var page = rest.Take(limit + 1).ToList();
        var shown = page.Take(limit).ToList();
        if (isBackward) shown.Reverse();
        return (new AnthropicModelList
        {
            Data = [.. shown.Select(Show)],
            FirstId = shown.FirstOrDefault()?.Model,
            LastId = shown.LastOrDefault()?.Model,
            HasMore = page.Count > limit,
        }, null);
    });

    public Task GetModelAsync(HttpContext context) => AnswerAsync(context, call =>
    {
        var id = (string?)context.Request.RouteValues["id"];
        var model = Usable(call).FirstOrDefault(m => m.Model == id);
        return model is null
            ? (null, new GatewayError(404, "not_found_error", "model_not_found", "No such model, or it is not in the scope of this key. GET /v1/models lists what is."))
            : (Show(model), null);
    });

    private IEnumerable<PriceVersion> Usable(GovernedCall call) =>
        local.UsablePrices(call).Where(p => p.Provider == KnownProvider.Anthropic);

    private Task AnswerAsync(HttpContext context, Func<GovernedCall, (object? Answer, GatewayError? Error)> answer) =>
        local.AnswerAsync(context, Models, async call =>
        {
            var (value, error) = answer(call);
            if (error is null) await WriteAsync(context, call, value!);
            return error;
        });

    private static Task WriteAsync(HttpContext context, GovernedCall call, object value)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers[ExplainHeaders.RequestId] = call.RequestId.ToString();
        return value is AnthropicModelList list
            ? JsonSerializer.SerializeAsync(context.Response.Body, list, AnthropicJson.Default.AnthropicModelList, context.RequestAborted)
            : JsonSerializer.SerializeAsync(context.Response.Body, (AnthropicModel)value, AnthropicJson.Default.AnthropicModel, context.RequestAborted);
    }

    private static GatewayError? ReadPage(IQueryCollection query, out int limit)
    {
        limit = DefaultPage;
        if (!query.TryGetValue("limit", out var text) || (int.TryParse(text, out limit) && limit is >= 1 and <= MaxPage)) return null;
        return GatewayError.Invalid($"'limit' must be a whole number from 1 to {MaxPage}.", "limit");
    }

    private static AnthropicModel Show(PriceVersion price) => new()
    {
        Id = price.Model,
        DisplayName = price.Model,
        CreatedAt = Micros.ToInstant(price.EffectiveFrom),
        MaxInputTokens = price.ContextWindow,
        MaxTokens = price.MaxOutput,
    };
}
