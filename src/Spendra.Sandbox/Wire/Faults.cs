using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Wire;

/// <summary>What happens instead of an answer.</summary>
internal static class Faults
{
    private static readonly byte[] s_garbage = [.. "<html><body>upstream said something else"u8];
    private static readonly byte[] s_garbageEvent = [.. "data: {\"choices\":[{\"delta\":\n\n"u8];

    /// <returns>True when the request has been dealt with.</returns>
    public static async Task<bool> StandInAsync(Exchange exchange, Knobs knobs, bool waits, bool isStream)
    {
        var context = exchange.Context;
        if (waits && knobs.LatencyMs > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(knobs.LatencyMs), exchange.Sandbox.Time, context.RequestAborted);
        if (knobs.Hang)
        {
            await Task.Delay(exchange.Sandbox.Options.MaxHang, exchange.Sandbox.Time, context.RequestAborted);
            context.Abort();
            return true;
        }
        if (knobs.Redirect is { } target)
        {
            exchange.StampHeaders();
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = target;
            return true;
        }
        if (knobs.Status is { } status)
        {
            await Answers.RefuseAsync(exchange, NativeErrors.OfKnobs(exchange.Match.Dialect, status, knobs));
            return true;
        }
        if (knobs.Filtered is FilteredPart.Prompt)
        {
            await Answers.RefuseAsync(exchange, Refusal.FilteredPrompt);
            return true;
        }
        if (!knobs.Garbage)
            return false;
        var (body, type) = isStream ? (s_garbageEvent, "text/event-stream; charset=utf-8") : (s_garbage, "application/json");
        await Answers.SendAsync(exchange, body, type, knobs);
        return true;
    }
}
