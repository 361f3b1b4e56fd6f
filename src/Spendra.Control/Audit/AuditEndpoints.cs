using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Audit;

/// <summary>The record of every change: listed, verified and exported. Nothing here changes it.</summary>
internal static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/audit").WithTags("Audit");
        group.MapGet("/records", ListAsync).ForMembers("listAuditRecords", "List audit records, the newest first", Capability.AuditRead);
        group.MapGet("/records/{sequence:long:min(1)}", GetAsync).ForMembers("getAuditRecord", "Get an audit record by its number", Capability.AuditRead);
        group.MapPost("/verify", VerifyAsync).ForMembers("verifyAudit", "Recompute the whole chain of audit records", Capability.AuditRead);
        group.MapGet("/export", Export).ForMembers("exportAudit", "Export audit records as JSON Lines, to be verified offline", Capability.AuditRead);
        group.MapGet("/key", (Caller caller, CheckpointKey key) => (Answer<AuditKeyView>)Outcome<AuditKeyView>.Done(new AuditKeyView("Ed25519", key.PublicKey)))
            .ForMembers("getAuditKey", "Get the public key that signs checkpoints", Capability.AuditRead);
    }

    private static async Task<Answer<Page<AuditRecordView>>> ListAsync(
        [AsParameters] PageQuery page, [AsParameters] AuditFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = page.Read("-sequence", "sequence");
        if (!read.IsDone) return read.Problem;
        var (from, wrongFrom) = Instant("from", filter.From);
        if (wrongFrom is not null) return wrongFrom;
        var (to, wrongTo) = Instant("to", filter.To);
        if (wrongTo is not null) return wrongTo;
        long? after = null;
        if (read.Value.After is { } keys)
        {
            if (keys.Length != 1 || Number(keys[0]) is not { } sequence) return Problem.Field("cursor", "is not a cursor of this list in this order: take it from the field 'next', or leave it out");
            after = sequence;
        }
        var step = await AuditLists.ReadAsync(database, caller.OrganizationId, new AuditQuery(read.Value.Limit, read.Value.Sort == "sequence")
        {
            After = after,
            Actor = filter.Actor,
            Action = filter.Action,
            SubjectKind = filter.SubjectKind,
            Subject = filter.Subject,
            From = from,
            To = to,
        }, cancel);
        return Outcome<Page<AuditRecordView>>.Done(new Page<AuditRecordView>([.. step.Rows.Select(AuditRecordView.Of)],
            step.Next is { } next ? read.Value.WriteCursor([next.ToString(CultureInfo.InvariantCulture)]) : null));
    }

    private static async Task<Answer<AuditRecordView>> GetAsync(long sequence, Caller caller, Database database, CancellationToken cancel) =>
        await AuditLists.FindAsync(database, caller.OrganizationId, sequence, cancel) is { } record
            ? Outcome<AuditRecordView>.Done(AuditRecordView.Of(record))
            : Problem.NotFound;

    private static async Task<Answer<AuditVerdictView>> VerifyAsync(Caller caller, Database database, CancellationToken cancel)
    {
        var verdict = await AuditLog.VerifyAsync(database, caller.OrganizationId, cancel);
        var checkpoint = await AuditDeliveries.FindLatestAsync(database, caller.OrganizationId, cancel);
        var contradiction = verdict.Contradiction;
        if (contradiction is null && checkpoint is not null)
            contradiction = (await AuditLog.VerifySinceAsync(database, caller.OrganizationId, new(checkpoint.Sequence, checkpoint.Hash), cancel)).Contradiction;
        return Outcome<AuditVerdictView>.Done(new AuditVerdictView(contradiction is null, verdict.Records, contradiction, checkpoint?.Sequence,
            checkpoint is null ? null : Micros.ToInstant(checkpoint.SignedAt).UtcDateTime));
    }

    private static ExportAnswer Export([AsParameters] ExportQuery query, Caller caller, Database database, TimeProvider time)
    {
        if (query.From is not null && Number(query.From) is not > 0) return new ExportAnswer(Problem.Field("from", "is not the number of a record"));
        if (query.To is not null && Number(query.To) is not > 0) return new ExportAnswer(Problem.Field("to", "is not the number of a record"));
        var (from, to) = (Number(query.From), Number(query.To));
        if (to < from) return new ExportAnswer(Problem.Field("to", "is before 'from'"));
        return new ExportAnswer(null)
        {
            Write = (output, cancel) => AuditExport.WriteAsync(database, caller.OrganizationId, caller.Organization, from, to, Micros.Now(time), output, cancel),
        };
    }

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static (long? Micros, Problem? Problem) Instant(string name, string? text)
    {
        if (text is null) return (null, null);
        return InstantText.TryParse(text, out var micros) ? (micros, null) : (null, Problem.Field(name, "is not an instant such as 2026-11-01T00:00:00Z"));
    }

    /// <summary>Streams an export, or says why there is none.</summary>
    internal sealed class ExportAnswer(Problem? problem) : IResult, IEndpointMetadataProvider
    {
        public Func<Stream, CancellationToken, Task<long>>? Write { get; init; }

        public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
            builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), [AuditExport.ContentType]));

        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (problem is not null) return problem.WriteAsync(httpContext);
            httpContext.Response.ContentType = AuditExport.ContentType;
            httpContext.Response.Headers.ContentDisposition = "attachment; filename=\"audit.jsonl\"";
            return Write!(httpContext.Response.Body, httpContext.RequestAborted);
        }
    }
}
