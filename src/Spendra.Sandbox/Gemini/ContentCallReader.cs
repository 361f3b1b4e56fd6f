using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// Reads the body of a call that generates content, counts it or embeds it. Knobs may also stand in <c>labels.sandbox</c>:
/// labels are what this dialect has in place of metadata.
/// </summary>
internal sealed class ContentCallReader(Exchange exchange, JsonElement body)
{
    private const int MaxCandidates = 8;
    private const int MaxDimensions = 3072;

    // What another dialect's client or a careless gateway would add. Google refuses every field it does not know.
    private static readonly string[] s_foreign = ["messages", "stream", "stream_options", "max_tokens", "n", "input"];

    private readonly BodyFields _fields = new(body, "", [], isProto: true);
    private readonly TextTally _tally = new();
    private string? _function;
    private bool _offersSearch;

    /// <returns>Why the body is refused, or <see langword="null"/> and the call.</returns>
    public (Refusal?, ContentCall) Read()
    {
        foreach (var name in s_foreign)
        {
            if (_fields.Has(name))
                _fields.Refuse($"Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.");
        }
        var call = exchange.Match.Route switch
        {
            SandboxRoute.EmbedContent => ReadEmbedding(),
            SandboxRoute.BatchEmbedContents => ReadEmbeddings(),
            SandboxRoute.PredictEmbeddings => ReadInstances(),
            SandboxRoute.CountContentTokens => ReadCount(),
            _ => ReadGeneration(_fields),
        };
        var knobs = exchange.Sandbox.BasisKnobs;
        var directed = KnobsText.Apply(_fields.Nested("metadata").Text("sandbox"), ref knobs)
            ?? KnobsText.Apply(_fields.Nested("labels").Text("sandbox"), ref knobs)
            ?? KnobsText.Apply(_tally.Directive, ref knobs);
        var refusal = (_fields.Fault ?? directed) is { } fault ? GeminiErrors.Invalid(fault) : null;
        return (refusal, call with { Knobs = knobs, InputTokens = _tally.InputTokens, TextBytes = _tally.Bytes });
    }

    private ContentCall ReadGeneration(BodyFields request)
    {
        if (ContentText.CountRequest(_tally, request) == 0)
            request.Refuse("* GenerateContentRequest.contents: contents is not specified");
        ReadTools(request);
        var config = request.Nested("generationConfig");
        return Empty() with
        {
            MaxOutputTokens = config.Whole("maxOutputTokens", least: 1),
            Candidates = (int)(config.Whole("candidateCount", least: 1, MaxCandidates) ?? 1),
            ServiceTier = request.Text("serviceTier"),
            IncludesThoughts = config.Nested("thinkingConfig").Flag("includeThoughts"),
            Function = _function,
            OffersSearch = _offersSearch,
        };
    }

    /// <summary>A count takes contents alone, or a whole request in which everything counts.</summary>
    private ContentCall ReadCount() =>
        ReadGeneration(_fields.Has("generateContentRequest") ? _fields.Nested("generateContentRequest") : _fields);

    private ContentCall ReadEmbedding()
    {
        if (!_fields.Has("content"))
            _fields.Refuse("* EmbedContentRequest.content: content is not specified");
        ContentText.CountContent(_tally, _fields.Nested("content"), directs: true);
        return Empty() with { Inputs = 1, Dimensions = (int?)_fields.Whole("outputDimensionality", least: 1, MaxDimensions) };
    }

    private ContentCall ReadEmbeddings()
    {
        var inputs = 0;
        int? dimensions = null;
        foreach (var item in _fields.Items("requests"))
        {
            var request = _fields.Of(item);
            ContentText.CountContent(_tally, request.Nested("content"), directs: true);
            dimensions = (int?)request.Whole("outputDimensionality", least: 1, MaxDimensions) ?? dimensions;
            inputs++;
        }
        if (inputs == 0)
            _fields.Refuse("* BatchEmbedContentsRequest.requests: requests is not specified");
        return Empty() with { Inputs = inputs, Dimensions = dimensions };
    }

    private ContentCall ReadInstances()
    {
        var instances = new List<(long, long)>();
        foreach (var item in _fields.Items("instances"))
        {
            if (_fields.Of(item).Text("content") is not { } text)
            {
                _fields.Refuse("The text content is empty.");
                continue;
            }
            _tally.Directive = _tally.Add(item.GetProperty("content"));
            instances.Add((Encoding.UTF8.GetByteCount(text), text.Count(c => !char.IsWhiteSpace(c))));
        }
        if (instances.Count == 0)
            _fields.Refuse("Empty instances.");
        return Empty() with
        {
            Instances = instances,
            Dimensions = (int?)_fields.Nested("parameters").Whole("outputDimensionality", least: 1, MaxDimensions),
        };
    }

    private void ReadTools(BodyFields request)
    {
        foreach (var item in request.Items("tools"))
        {
            var tool = request.Of(item);
            _offersSearch |= tool.Has("googleSearch") || tool.Has("googleSearchRetrieval");
            foreach (var function in tool.Items("functionDeclarations"))
                _function ??= tool.Of(function).Text("name");
        }
    }

    private ContentCall Empty() => new() { Model = exchange.Match.Id, Knobs = Knobs.None, InputTokens = 0 };
}
