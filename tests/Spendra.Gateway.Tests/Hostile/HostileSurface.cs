using System.Text.Json.Nodes;
using Spendra.Gateway.Tests.Golden;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests.Hostile;

/// <summary>In whose shape an error is told.</summary>
internal enum ErrorShape
{
    OpenAi,
    Anthropic,
    Google,
    JsonRpc,
}

/// <summary>A route at which a provider may be hostile: how it is called, and how a good provider answers.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Call">How it is called.</param>
/// <param name="Right">What a good provider says: 37 units went in.</param>
internal sealed record HostileSurface(string Name, MediaCall Call, string Right)
{
    /// <summary>What a provider bills that tells its bill.</summary>
    public const long BilledNanos = 37_000;

    public string MediaType { get; init; } = "application/json";

    public ErrorShape Shape { get; init; }

    /// <summary>The member that has the usage, and what is put into it so that it contradicts itself.</summary>
    public (string Member, string Contradiction) Usage { get; init; } = ("usage", "\"prompt_tokens_details\":{\"cached_tokens\":99},");

    /// <summary>Costs nothing, whatever the answer says.</summary>
    public bool IsFree { get; init; }

    /// <summary>The answer passes whole or not at all.</summary>
    public bool IsHeld { get; init; }

    /// <summary>The provider tells its bill, and that is settled.</summary>
    public bool IsBilled { get; init; }

    /// <summary>Settled without the answer's help: by the text, or at the price of the tool.</summary>
    public bool IsKnownBefore { get; init; }

    /// <summary>What has been said of the answer stands: its head has left before its body is whole.</summary>
    public bool IsStream { get; init; }

    public bool IsEvents => MediaType == "text/event-stream";

    /// <summary>An answer of Spendra's own is what clients of the format parse as an error, with the code at its place.</summary>
    public void ShouldTell(Answer answer, int status, string code)
    {
        // A session outlives a failure, so that JSON-RPC tells one with status 200.
        answer.ShouldBe(Shape == ErrorShape.JsonRpc ? 200 : status, code, Name);
        ShouldHaveShape(answer.Json);
    }

    public void ShouldHaveShape(JsonNode json)
    {
        var error = json["error"]!;
        switch (Shape)
        {
            case ErrorShape.OpenAi: ((string?)error["type"]).Should().Be("api_error", Name); break;
            case ErrorShape.Anthropic:
                ((string?)json["type"]).Should().Be("error", Name);
                ((string?)error["type"]).Should().EndWith("_error", Name);
                break;
            case ErrorShape.Google: ((string?)error["status"]).Should().NotBeNullOrEmpty(Name); ((int?)error["code"]).Should().BeGreaterThan(499, Name); break;
            case ErrorShape.JsonRpc: ((string?)json["jsonrpc"]).Should().Be("2.0", Name); ((int?)error["code"]).Should().BeLessThan(0, Name); break;
            default: throw new InvalidOperationException($"no shape for {Name}");
        }
        ((string?)error["message"]).Should().NotBeNullOrEmpty(Name);
    }

    public static HostileSurface Of(string door, string model, bool isStream)
    {
        var wire = Doors.WireOf(door);
        var isBilled = Doors.Route(door).Provider.TellsBilledCost;
        var told = new Told(37, wire is Wire.Embeddings or Wire.Vectors ? 0 : 16) { Cost = isBilled ? "0.000037" : null };
        var served = model is DoorRules.Deployment ? "m" : model[(model.LastIndexOf('/') + 1)..];
        var path = Doors.Of(door, isStream).Replace("{model}", model, StringComparison.Ordinal);
        if (door.StartsWith("/openai/", StringComparison.Ordinal) && !door.Contains("/v1/", StringComparison.Ordinal)) path += "?api-version=2025-04-01-preview";
        if (isStream && wire == Wire.Contents) path += "?alt=sse";
        return new HostileSurface($"{path}{(isStream ? " as a stream" : "")}",
            new MediaCall(path) { Json = Doors.Body(door, model, isStream, textBytes: 200, maxOutput: 64) },
            isStream ? Recorded.Stream(wire, told, served) : Recorded.Plain(wire, told, served))
        {
            MediaType = isStream ? "text/event-stream" : "application/json",
            IsStream = isStream,
            IsBilled = isBilled,
            Shape = wire switch { Wire.Messages => ErrorShape.Anthropic, Wire.Contents or Wire.Vectors => ErrorShape.Google, _ => ErrorShape.OpenAi },
            Usage = wire switch
            {
                Wire.Contents => ("usageMetadata", "\"cachedContentTokenCount\":99,"),
                Wire.Vectors => ("usageMetadata", "\"promptTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":99}],"),
                Wire.Messages => ("usage", "\"cache_creation\":{\"ephemeral_5m_input_tokens\":99,\"ephemeral_1h_input_tokens\":-1},"),
                Wire.Responses => ("usage", "\"input_tokens_details\":{\"cached_tokens\":99},"),
                Wire.Embeddings => ("usage", "\"completion_tokens\":-5,"),
                _ => ("usage", "\"prompt_tokens_details\":{\"cached_tokens\":99},"),
            },
        };
    }
}
