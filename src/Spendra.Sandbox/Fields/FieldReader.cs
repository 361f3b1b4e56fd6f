using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Spendra.Sandbox.Azure;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Files;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Fields;

/// <summary>
/// Reads the bodies of the routes that are called seldom: JSON with few fields, or a form. What a field means is known
/// to the answer; here only the model, the stream and the knobs are taken out.
/// </summary>
internal static class FieldReader
{
    private const string FormType = "application/x-www-form-urlencoded";
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 128 };

    public static bool Reads(SandboxRoute route) => route is SandboxRoute.GenerateImage or SandboxRoute.CreateSpeech
        or SandboxRoute.CreateModeration or SandboxRoute.CreateBatch or SandboxRoute.McpMessage
        || IsForm(route) || IsUrlEncoded(route);

    /// <returns><see langword="null"/> and the call, or why the body is refused.</returns>
    public static async ValueTask<(Refusal?, ModelCall)> ReadAsync(Exchange exchange, ReadOnlyMemory<byte> body, bool isComplete)
    {
        var call = new ModelCall { Knobs = exchange.Sandbox.BasisKnobs };
        if (!isComplete)
            return (Refusal.TooLarge, call);
        var route = exchange.Match.Route;
        var (refusal, fields) =
            IsUrlEncoded(route) ? OfUrlEncoded(exchange, body)
            : IsForm(route) ? await OfFormAsync(exchange, body)
            : OfJson(body, mayBeAnything: route is SandboxRoute.McpMessage);
        if (fields is null)
            return (refusal, call);
        return (Fill(exchange, call, fields), call);
    }

    private static bool IsForm(SandboxRoute route) => route is SandboxRoute.EditImage or SandboxRoute.CreateTranscription
        or SandboxRoute.CreateTranslation;

    private static bool IsUrlEncoded(SandboxRoute route) => route is SandboxRoute.GoogleToken or SandboxRoute.EntraToken;

    private static Refusal? Fill(Exchange exchange, ModelCall call, RequestFields fields)
    {
        call.Fields = fields;
        if (exchange.Match.Route is not SandboxRoute.McpMessage)
        {
            call.Model = exchange.Match.Deployment ?? fields.Text("model");
            call.Stream = fields.Flag("stream") || fields.Text("stream_format") is "sse";
        }
        var knobs = call.Knobs;
        var fault = KnobsText.Apply(KnobSources.Metadata(fields), ref knobs) ?? KnobsText.Apply(KnobSources.Directive(fields), ref knobs);
        call.Knobs = knobs;
        if (fields.Fault is not null || fault is not null)
            return fields.Fault ?? Refusal.BadDirective(fault!);
        return AzureDeployments.Resolve(exchange, call);
    }

    private static (Refusal?, RequestFields?) OfJson(ReadOnlyMemory<byte> body, bool mayBeAnything)
    {
        try
        {
            using var document = JsonDocument.Parse(body, s_options);
            if (!mayBeAnything && document.RootElement.ValueKind is not JsonValueKind.Object)
                return (Refusal.UnreadableJson, null);
            return (null, new RequestFields { Json = document.RootElement.Clone() });
        }
        catch (JsonException)
        {
            return (Refusal.UnreadableJson, null);
        }
    }

    private static (Refusal?, RequestFields?) OfUrlEncoded(Exchange exchange, ReadOnlyMemory<byte> body)
    {
        if (!MediaTypeHeaderValue.TryParse(exchange.Context.Request.ContentType, out var type) || type.MediaType != FormType)
            return (Refusal.Invalid($"Expected {FormType}."), null);
        var fields = new RequestFields();
        foreach (var (name, values) in QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body.Span)))
            fields.Add(name, values.ToString());
        return (null, fields);
    }

    private static async ValueTask<(Refusal?, RequestFields?)> OfFormAsync(Exchange exchange, ReadOnlyMemory<byte> body)
    {
        if (FileUpload.BoundaryOf(exchange.Context.Request.ContentType) is not { } boundary)
            return (Refusal.Invalid("Invalid Content-Type header. Expected multipart/form-data."), null);
        try
        {
            var fields = new RequestFields();
            var reader = new MultipartReader(boundary, new MemoryStream(body.ToArray()));
            while (await reader.ReadNextSectionAsync() is { } section)
                await AddAsync(fields, section);
            return (null, fields);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException)
        {
            return (Refusal.Invalid("Could not parse multipart form."), null);
        }
    }

    private static async ValueTask AddAsync(RequestFields fields, MultipartSection section)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
            return;
        var content = new MemoryStream();
        await section.Body.CopyToAsync(content);
        var field = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        if (name.HasValue)
            fields.Add(new FormFile(field, HeaderUtilities.RemoveQuotes(name).ToString(), content.ToArray()));
        else
            fields.Add(field, Encoding.UTF8.GetString(content.ToArray()));
    }
}
