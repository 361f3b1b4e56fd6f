using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Files;

/// <summary><c>POST /v1/files</c>: a multipart form that is counted as it streams past.</summary>
internal static class FileUpload
{
    public static async Task AnswerAsync(Exchange exchange)
    {
        var options = exchange.Sandbox.Options;
        var recording = new RecordingStream(
            exchange.Context.Request.Body, options.RecordRequests ? options.MaxRecordedBodyBytes : 0);
        UploadForm? form = null;
        Refusal? refusal = null;
        var isComplete = false;
        try
        {
            (form, refusal) = await ReadAsync(exchange, recording);
            isComplete = refusal is null;
        }
        finally
        {
            exchange.Sandbox.Journal.WasRead(
                options.RecordRequests ? RequestRecorder.Record(exchange, recording.Recorded, isComplete && recording.IsWhole) : null);
        }

        var knobs = exchange.Sandbox.BasisKnobs;
        refusal ??= form!.Refuse();
        if (refusal is null && KnobsText.Apply(KnobsText.Directive(form!.FileName!), ref knobs) is { } fault)
            refusal = Refusal.BadDirective(fault);
        if (refusal is not null)
        {
            await Answers.RefuseAsync(exchange, refusal);
            return;
        }
        if (knobs.HasFault && await Faults.StandInAsync(exchange, knobs, waits: true, isStream: false))
            return;
        var file = form!.ToFile(exchange);
        exchange.Sandbox.Files.Add(file);
        await FileRoutes.SendAsync(exchange, file, knobs);
    }

    private static async Task<(UploadForm?, Refusal?)> ReadAsync(Exchange exchange, RecordingStream body)
    {
        if (BoundaryOf(exchange.Context.Request.ContentType) is not { } boundary)
        {
            return (null, Refusal.Invalid(
                $"Invalid Content-Type header ({exchange.Context.Request.ContentType}). Expected multipart/form-data."));
        }
        try
        {
            var form = new UploadForm(exchange.Sandbox.Options);
            var reader = new MultipartReader(boundary, body);
            while (await reader.ReadNextSectionAsync(exchange.Context.RequestAborted) is { } section)
            {
                if (!await form.ReadAsync(section, exchange.Context.RequestAborted))
                    return (form, Refusal.TooLarge);
            }
            return (form, null);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException && !exchange.Context.RequestAborted.IsCancellationRequested)
        {
            return (null, Refusal.Invalid("Could not parse multipart form."));
        }
    }

    internal static string? BoundaryOf(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.MediaType != "multipart/form-data")
            return null;
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is 0 or > 200 ? null : boundary;
    }
}
