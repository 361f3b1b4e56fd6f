using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Requests;

/// <summary>
/// Leaves tools out of a request that it may not offer, where a policy says so. What is left is read again, so that what
/// is decided upon is what will be sent; a tool that could not be left out is still there, and refused like any other.
/// </summary>
internal static partial class Stripping
{
    // The lane goes on trying; the money is held either way, and the answer says what was left out.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    /// <summary>From the request as the client wrote it, by the rules of now. A refusal when what is left makes no sense.</summary>
    public static Refusal? Apply(GovernedCall call)
    {
        Restore(call);
        var denied = ToolStripping.Of(call.Standing, call.Shape);
        if (denied.IsEmpty) return null;
        var stripped = call.Route.Dialect.Strip(call, [.. denied.Select(d => d.Tool)]);
        if (stripped.Demanded is { } tool) return Demanded(denied, tool);
        call.BodyAsWritten = call.Body;
        call.Body = stripped.Bytes;
        if (call.Route.Dialect.Read(call, call.Body.Span) is { } fault)
            throw new InvalidOperationException($"what was left of a body without tools is no body: {fault.Message}");
        Intake.Outline(call);
        call.StrippedTools = denied.RemoveAll(d => call.Shape.Tools.Contains(d.Tool));
        return null;
    }

    /// <summary>Keeps what was left out of an admitted request, before it is sent: its id explains it.</summary>
    public static async Task KeepAsync(GovernedCall call, GatewayParts parts)
    {
        if (call.StrippedTools.IsEmpty) return;
        var records = call.StrippedTools.Select(s => parts.Lane.RecordAsync(
            new StrippedToolRecord(call.Snapshot.OrganizationId, call.RequestId, s.Tool, s.PolicyId)));
        try
        {
            await Task.WhenAll(records).WaitAsync(MaxWait, parts.Time);
        }
        catch (Exception e) when (e is TimeoutException or LedgerUnavailableException)
        {
            LogNotKept(parts.Logger, call.RequestId);
        }
    }

    // The rules may have changed since the last round.
    private static void Restore(GovernedCall call)
    {
        if (call.BodyAsWritten is not { } written) return;
        call.BodyAsWritten = null;
        call.StrippedTools = [];
        call.Body = written;
        call.Route.Dialect.Read(call, written.Span);
        Intake.Outline(call);
    }

    private static Refusal Demanded(ImmutableArray<StrippedTool> denied, string tool)
    {
        var (by, what) = tool == StrippedBody.AnyTool
            ? (denied[0], "some tool to be called, and none is left")
            : (denied.FirstOrDefault(d => d.Tool == tool, denied[0]), $"the tool '{tool}' to be called");
        return new Refusal(RefusalCode.ToolNotAllowed,
            $"'{by.PolicySlug}' leaves {string.Join(", ", denied.Select(d => $"'{d.Tool}'"))} out of this request, but 'tool_choice' demands {what}. Leave 'tool_choice' out.")
        {
            PolicyId = by.PolicyId,
            PolicySlug = by.PolicySlug,
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {RequestId}: the tools that were left out of it could not be recorded yet")]
    private static partial void LogNotKept(ILogger logger, Guid requestId);
}
