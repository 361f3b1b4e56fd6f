using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary>Reads the body of a messages call or of a count of its tokens.</summary>
internal sealed class MessageCallReader(Exchange exchange, JsonElement body)
{
    private const int LeastThinkingBudget = 1024;
    private const string VertexVersion = "anthropic_version";

    // What another dialect's client or a careless gateway would add. Anthropic refuses every field it does not know.
    private static readonly string[] s_foreign =
        ["n", "stream_options", "max_completion_tokens", "max_output_tokens", "input", "store", "user"];

    private readonly BodyFields _fields = new(body, "", [], isProto: false);
    private readonly TextTally _tally = new();
    private readonly bool _isCount = exchange.Match.Route is SandboxRoute.CountMessageTokens;
    private string? _clientTool;
    private long _maxSearches;
    private long _maxFetches;

    /// <returns>Why the body is refused, or <see langword="null"/> and the call.</returns>
    public (Refusal?, MessageCall) Read()
    {
        var model = ReadModel();
        var limit = _fields.Whole("max_tokens", least: 1);
        if (!_isCount && limit is null && _fields.Fault is null)
            _fields.Refuse("max_tokens: Field required");
        ReadForeign();
        ReadThinking(limit);
        MessageText.CountSystem(_tally, _fields);
        ReadMessages();
        ReadTools();
        var knobs = exchange.Sandbox.BasisKnobs;
        var directed = KnobsText.Apply(_fields.Nested("metadata").Text("sandbox"), ref knobs) ?? KnobsText.Apply(_tally.Directive, ref knobs);
        var call = new MessageCall
        {
            Model = model ?? "",
            Knobs = knobs,
            InputTokens = _tally.InputTokens,
            TellsCost = exchange.Match.Dialect is Dialect.RouterMessages,
            Stream = ReadStream(),
            MaxTokens = limit,
            InferenceGeo = _fields.Text("inference_geo"),
            Speed = _fields.Text("speed"),
            StopSequence = _fields.Items("stop_sequences").Select(item => item.ToString()).FirstOrDefault(),
            ClientTool = _clientTool,
            MaxSearches = _maxSearches,
            MaxFetches = _maxFetches,
        };
        return ((_fields.Fault ?? directed) is { } fault ? MessageErrors.Invalid(fault) : null, call);
    }

    /// <summary>
    /// On Vertex AI the model stands in the path and the version in the body, except for a count, whose path names no
    /// model. A version date in the path (<c>claude-x@20260101</c>) is part of the model's id.
    /// </summary>
    private string? ReadModel()
    {
        var isInPath = exchange.Match.Dialect is Dialect.VertexClaude && !_isCount;
        if (isInPath && !_fields.Has(VertexVersion))
            _fields.Refuse($"{VertexVersion}: Field required");
        if (isInPath && _fields.Has("model"))
            _fields.Refuse("model: Extra inputs are not permitted");
        var model = isInPath ? exchange.Match.Id.Replace('@', '-') : _fields.Text("model");
        if (string.IsNullOrEmpty(model))
            _fields.Refuse("model: Field required");
        return model;
    }

    private bool ReadStream() =>
        _fields.Flag("stream") || exchange.Context.Request.Path.Value!.EndsWith(":streamRawPredict", StringComparison.Ordinal);

    private void ReadForeign()
    {
        foreach (var name in s_foreign)
        {
            if (_fields.Has(name))
                _fields.Refuse($"{name}: Extra inputs are not permitted");
        }
    }

    private void ReadThinking(long? limit)
    {
        var budget = _fields.Nested("thinking").Whole("budget_tokens", LeastThinkingBudget);
        if (budget >= limit)
            _fields.Refuse("max_tokens: must be greater than thinking.budget_tokens");
    }

    private void ReadMessages()
    {
        var count = 0;
        foreach (var item in _fields.Items("messages"))
        {
            var message = _fields.Of(item);
            if (!message.Has("role") || !message.Has("content"))
                _fields.Refuse($"messages.{count}: role and content are required");
            MessageText.CountMessage(_tally, message);
            count++;
        }
        if (count == 0)
            _fields.Refuse(_fields.Has("messages") ? "messages: at least one message is required" : "messages: Field required");
    }

    /// <summary>A tool without a type, or one that Anthropic defines and the client runs, is the client's.</summary>
    private void ReadTools()
    {
        foreach (var item in _fields.Items("tools"))
        {
            var tool = _fields.Of(item);
            var type = tool.Text("type") ?? "custom";
            var maxUses = tool.Whole("max_uses", least: 1) ?? long.MaxValue;
            if (type.StartsWith("web_search_", StringComparison.Ordinal))
                _maxSearches = maxUses;
            else if (type.StartsWith("web_fetch_", StringComparison.Ordinal))
                _maxFetches = maxUses;
            else if (!type.StartsWith("code_execution_", StringComparison.Ordinal))
                _clientTool ??= tool.Text("name");
        }
    }
}
