using System.Text;
using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>The tools that the provider runs itself. Functions that the client runs are text like any other.</summary>
internal ref partial struct GeminiRequestReader
{
    private const string WebSearch = "web_search";
    private const string Maps = "maps";

    private static readonly (byte[] Camel, byte[] Snake, string Name)[] ServerTools =
    [
        ("googleSearch"u8.ToArray(), "google_search"u8.ToArray(), WebSearch),
        ("googleSearchRetrieval"u8.ToArray(), "google_search_retrieval"u8.ToArray(), WebSearch),
        ("googleMaps"u8.ToArray(), "google_maps"u8.ToArray(), Maps),
        ("urlContext"u8.ToArray(), "url_context"u8.ToArray(), "url_context"),
        ("codeExecution"u8.ToArray(), "code_execution"u8.ToArray(), "code_execution"),
        ("fileSearch"u8.ToArray(), "file_search"u8.ToArray(), "file_search"),
        ("computerUse"u8.ToArray(), "computer_use"u8.ToArray(), "computer_use"),
    ];

    /// <summary>The name in a key's tool scope of a member of a tool; empty for what the client runs.</summary>
    public static string NameOfTool(string member)
    {
        foreach (var (camel, snake, name) in ServerTools)
        {
            if (member == Encoding.ASCII.GetString(camel) || member == Encoding.ASCII.GetString(snake)) return name;
        }
        return member is "functionDeclarations" or "function_declarations" ? "" : member;
    }

    private void ReadTools()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType == JsonTokenType.StartObject) ReadTool();
        else if (_json.TokenType == JsonTokenType.StartArray) ReadItems(static (ref GeminiRequestReader reader) => reader.ReadTool());
        else Fail("must be a list of objects", "tools");
    }

    private void ReadTool()
    {
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isClients = Is("functionDeclarations"u8, "function_declarations"u8);
            var tool = isClients ? "" : NameOfTool();
            _json.Read();
            var isOffered = !isClients && _json.TokenType != JsonTokenType.Null;
            _json.Skip();
            if (isOffered) Offer(tool);
        }
    }

    /// <summary>The tool as keys name it; one that is not known here by the name that it has.</summary>
    private readonly string NameOfTool()
    {
        foreach (var (camel, snake, name) in ServerTools)
        {
            if (Is(camel, snake)) return name;
        }
        return ReadName() ?? "unknown";
    }

    private readonly void Offer(string tool)
    {
        if (_facts.Tools.Contains(tool)) return;
        _facts.Tools = _facts.Tools.Add(tool);
        if (tool is not (WebSearch or Maps or "url_context" or "code_execution")) return;
        // What these put into the prompt is billed as input. Google's reference counts the prompt and the results that go
        // back to the model once each, however often the model reads them, so that both together fit into its context;
        // nothing in a request limits how often they run. A bound by what the provider documents, not by what it enforces.
        _facts.BoundedTools = _facts.BoundedTools.Add(tool);
        _facts.HasUnseenContent = true;
        // An address may be that of a picture or of a document.
        if (tool == "url_context") _facts.Kinds |= TokenKinds.ImageInput;
        if (tool == WebSearch)
        {
            _facts.UncountedUnits = _facts.UncountedUnits.Add(UnitClass.WebSearches);
            _facts.Pieces = _facts.Pieces.With(UnitClass.GroundedPrompts, 1);
        }
        else if (tool == Maps)
        {
            _facts.UncountedUnits = _facts.UncountedUnits.Add(UnitClass.MapQueries);
            _facts.Pieces = _facts.Pieces.With(UnitClass.GroundedMapPrompts, 1);
        }
    }
}
