using System.Text.Json;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>OpenAI's formats: chat completions, responses, embeddings, files.</summary>
internal sealed class OpenAiDialect : Dialect
{
    public static readonly OpenAiDialect Instance = new();

    private OpenAiDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        if (!call.Route.NamesModel)
        {
            if (OpenAiRequestReader.Read(body, call.Route.Body, out var fault, runsTools: call.Route.RunsTools) is { } facts) call.Facts = facts;
            return fault;
        }
        var model = (string?)call.Context.Request.RouteValues["model"] ?? "";
        if (!OpenAiRequestReader.IsModelName(model)) return new RequestFault("The path names no model that there could be.", "model");
        if (OpenAiRequestReader.Read(body, call.Route.Body, out var wrong, needsModel: false, call.Route.RunsTools) is not { } known) return wrong;
        call.Facts = known;
        known.Model = model;
        return null;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) =>
        OpenAiRequestRewriter.Rewrite(call.Body, call.Facts, call.Route.Body, call.Changes);

    public override StrippedBody Strip(GovernedCall call, IReadOnlyCollection<string> tools) => OpenAiToolStripper.Strip(call.Body, tools);

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) => mediaType switch
    {
        "text/event-stream" => new OpenAiStreamMeter(
            call.HidesUsageChunk, maxEventBytes, call.Route.Provider.TellsBilledCost, call.Route.Provider.TellsOutputInTotal, OpenAiFees.Of(call))
        {
            TellsUsageSoFar = call.Route.Provider.TellsUsageSoFar,
            MayWriteLong = MayWriteLong(call),
        },
        "application/json" when call.Route.IsRead => new OpenAiBodyMeter(
            call.Route.HasOutput || call.Route.MaySettleBackground, maxEventBytes,
            call.Route.Provider.TellsBilledCost, call.Route.Provider.TellsOutputInTotal, OpenAiFees.Of(call))
        {
            MayWriteLong = MayWriteLong(call),
        },
        _ => new BlindMeter(),
    };

    private static bool MayWriteLong(GovernedCall call) => call.Facts.Kinds.HasFlag(TokenKinds.LongCache);

    public override bool IsError(ReadOnlySpan<byte> body)
    {
        // Google's errors in this format stand in a list of one.
        var whole = body.Trim(" \t\r\n"u8);
        if (whole is [(byte)'[', .. var inner, (byte)']']) whole = inner;
        var document = new OpenAiDocumentReader(Math.Max(whole.Length, 1));
        document.Feed(whole, isLast: true);
        return document is { IsBroken: false, HasError: true };
    }

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", ErrorAnswer.MessageOf(requestId, error));
        json.WriteString("type", error.Type);
        json.WriteString("param", error.Parameter);
        json.WriteString("code", error.Code);
        ErrorAnswer.WriteDetails(json, requestId, error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>OpenAI's client for .NET reads a chunk that is an error as one without choices.</summary>
    public override bool HasClientsThatPassOverErrors => true;

    public override string RequestIdHeader => "x-request-id";

    public override string? ErrorEventOf(GovernedCall call) => call.Route.Body == OpenAiBody.Responses ? "error" : null;

    /// <summary>Events of a response have their type and their members at the top; chunks of a chat have an error as an answer has.</summary>
    public override void WriteStreamError(Utf8JsonWriter json, GovernedCall call, GatewayError error)
    {
        if (call.Route.Body != OpenAiBody.Responses)
        {
            WriteError(json, call.RequestId, error);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteString("code", error.Code);
        json.WriteString("message", ErrorAnswer.MessageOf(call.RequestId, error));
        json.WriteString("param", error.Parameter);
        ErrorAnswer.WriteDetails(json, call.RequestId, error);
        // OpenAI's clients for Node.js and Python raise what has this member; an event without it is one of many to them.
        json.WriteStartObject("error");
        json.WriteString("type", error.Type);
        json.WriteString("code", error.Code);
        json.WriteString("message", ErrorAnswer.MessageOf(call.RequestId, error));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
