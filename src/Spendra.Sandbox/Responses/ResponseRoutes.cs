using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Responses;

/// <summary><c>/v1/responses</c>: create, fetch, delete, cancel, and count the input.</summary>
internal static class ResponseRoutes
{
    public static Task CreateAsync(Exchange exchange, ModelCall call)
    {
        var least = exchange.Sandbox.Options.MinResponseOutputTokens;
        if (call.OutputLimit < least)
            return Answers.RefuseAsync(exchange, Refusal.BelowMinimum("max_output_tokens", least, call.OutputLimit.Value));
        if (call.Background && !call.Store)
            return Answers.RefuseAsync(exchange, Refusal.Invalid("Background mode requires 'store' to be true.", "background"));
        if (FindPrevious(exchange, call, out var previousTokens) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);

        var response = new StoredResponse(exchange, call, previousTokens);
        if (call.Store)
            exchange.Sandbox.Responses.Add(response);
        var generation = Generation.Begin(exchange, response.Id, call);
        if (call.Stream)
            return ResponseStream.AnswerAsync(exchange, response, call.Knobs, generation: generation);
        generation?.Complete();
        return SendAsync(exchange, response, call.Background ? ResponseStatus.Queued : response.Outcome, call.Knobs);
    }

    public static Task GetAsync(Exchange exchange, Knobs knobs)
    {
        if (exchange.Sandbox.Responses.Find(exchange.Match.Id) is not { } response)
            return RefuseUnknownAsync(exchange);
        var query = exchange.Context.Request.Query;
        if (query["stream"] != "true")
            return SendAsync(exchange, response, response.StatusAt(exchange.Sandbox.Time.GetUtcNow()), knobs);
        var startingAfter = long.TryParse(query["starting_after"], out var given) ? given : -1;
        return ResponseStream.AnswerAsync(exchange, response, knobs, startingAfter);
    }

    public static Task DeleteAsync(Exchange exchange, Knobs knobs)
    {
        if (!exchange.Sandbox.Responses.Remove(exchange.Match.Id))
            return RefuseUnknownAsync(exchange);
        return Answers.SendDeletedAsync(exchange, "response", knobs);
    }

    public static Task CancelAsync(Exchange exchange, Knobs knobs)
    {
        if (exchange.Sandbox.Responses.Find(exchange.Match.Id) is not { } response)
            return RefuseUnknownAsync(exchange);
        if (!response.Call.Background)
            return Answers.RefuseAsync(exchange, Refusal.Invalid("Cannot cancel a synchronous response."));
        var now = exchange.Sandbox.Time.GetUtcNow();
        response.Cancel(now);
        return SendAsync(exchange, response, response.StatusAt(now), knobs);
    }

    public static Task CountInputAsync(Exchange exchange, ModelCall call)
    {
        if (FindPrevious(exchange, call, out var previousTokens) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);
        var usage = Usage.Of(call, previousTokens);
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteString("object"u8, "response.input_tokens"u8);
        UsageJson.Number(buffer.Json, "input_tokens"u8, usage.Input, usage);
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    public static Task RefuseUnknownAsync(Exchange exchange) =>
        Answers.RefuseAsync(exchange, Refusal.NotFound($"Response with id '{exchange.Match.Id}' not found."));

    private static Refusal? FindPrevious(Exchange exchange, ModelCall call, out long tokens)
    {
        tokens = 0;
        if (call.PreviousResponseId is not { } id)
            return null;
        if (exchange.Sandbox.Responses.Find(id) is not { } previous)
        {
            return Refusal.Invalid(
                $"Previous response with id '{id}' not found.", "previous_response_id", "previous_response_not_found");
        }
        tokens = previous.TokensForNext;
        return null;
    }

    private static Task SendAsync(Exchange exchange, StoredResponse response, ResponseStatus status, Knobs knobs)
    {
        using var buffer = JsonBuffer.Rent();
        ResponseJson.Write(buffer.Json, response, status);
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }
}
