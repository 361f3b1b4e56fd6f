using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Requests;
using Spendra.Storage;

namespace Spendra.Gateway.Mcp;

/// <summary><c>GET /v1/tools</c>, answered from here: the tools that a key may call, and what a call of each costs.</summary>
internal sealed class ToolListRoute(GatewayParts parts)
{
    private static readonly GovernedRoute Route = new()
    {
        Name = "tools.list", Method = "GET", Pattern = "/tools", Dialect = ToolCallDialect.Instance, ClientPrefixes = ["/v1"],
    };

    public async Task HandleAsync(HttpContext context)
    {
        var call = new GovernedCall(context, Route, parts.NewRequestId());
        try
        {
            if (await LocalRequest.AuthenticateAsync(call, parts) is { } error) await ErrorAnswer.WriteAsync(call, error);
            else await AnswerAsync(call);
        }
        catch (Exception e) when (DatabaseUnavailableException.IsSaidBy(e))
        {
            await ErrorAnswer.WriteAsync(call, Admitting.Unavailable("The database cannot be reached. Try again shortly."));
        }
    }

    private async Task AnswerAsync(GovernedCall call)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            var now = Micros.Now(parts.Time);
            foreach (var price in call.Snapshot.Prices.InForce(now)) WriteTool(json, call, price, now);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        var response = call.Context.Response;
        response.ContentType = "application/json";
        response.Headers[ExplainHeaders.RequestId] = call.RequestId.ToString();
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, call.Context.RequestAborted);
    }

    private static void WriteTool(Utf8JsonWriter json, GovernedCall call, PriceVersion price, long nowMicros)
    {
        if (price.Provider != KnownProvider.Mcp || ToolName.ServerOf(price.Model) is not { } server) return;
        if (!call.IsTest && !call.Snapshot.Accounts.Any(a => a.Provider == KnownProvider.Mcp && a.Slug == server)) return;
        if (!Cost.HasRates(price, ToolPrice.OneCall)) return;
        var shape = new RequestShape
        {
            Provider = KnownProvider.Mcp,
            Model = price.Model,
            Tools = [price.Model],
            Environment = call.Standing.Key.Environment,
        };
        if (Admission.CheckPermissions(call.Standing, shape) is not null) return;
        var cost = call.IsTest ? NanoUsd.Zero : Cost.Of(price, ToolPrice.OneCall);
        json.WriteStartObject();
        json.WriteString("id", price.Model);
        json.WriteString("object", "tool");
        json.WriteString("server", server);
        json.WriteString("tool", price.Model[(server.Length + 1)..]);
        json.WriteString("price_usd", cost.ToString());
        // What budgets hold changes with every call and is not told here.
        json.WriteString("permission", Admission.CheckSingleRequest(call.Standing, shape, cost, nowMicros)?.CodeName ?? "allowed");
        json.WriteEndObject();
    }
}
