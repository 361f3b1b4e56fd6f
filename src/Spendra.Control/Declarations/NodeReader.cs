using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Spendra.Control.Declarations;

/// <summary>
/// Reads YAML, and with it JSON, into nodes. What could make a small file large (anchors, aliases) or strange
/// (tags, several documents) is refused, and so is a file that is too large or too deep.
/// </summary>
internal sealed class NodeReader
{
    public const int LongestChars = 16 * 1024 * 1024;
    private const int MaxDepth = 12;

    private readonly IParser _parser;
    private readonly ErrorList _errors;

    private NodeReader(IParser parser, ErrorList errors)
    {
        _parser = parser;
        _errors = errors;
    }

    /// <summary>The root of the file, or null with the reason in <paramref name="errors"/>.</summary>
    public static Node? Read(string text, ErrorList errors)
    {
        if (text.Length > LongestChars)
        {
            errors.Add(1, $"the file has {text.Length} characters; at most {LongestChars} are read: split it");
            return null;
        }
        try
        {
            // A tab is space in JSON, but YAML forbids it in an indentation.
            var parser = new Parser(new StringReader(IsJson(text) ? text.Replace('\t', ' ') : text));
            return new NodeReader(parser, errors).ReadDocument();
        }
        catch (YamlException e)
        {
            errors.Add((int)Math.Max(1, e.Start.Line), $"the file is not valid YAML or JSON: {e.Message}");
            return null;
        }
        catch (UnreadableException e)
        {
            errors.Add(e.Line, e.Message);
            return null;
        }
    }

    // Inside a JSON string a raw tab is forbidden, so every tab of a JSON file stands between tokens.
    private static bool IsJson(string text) => text.AsSpan().TrimStart() is ['{', ..];

    private Node ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _)) throw new UnreadableException(1, "the file is empty: expected at least 'organization'");
        _parser.Consume<DocumentStart>();
        var root = ReadNode(depth: 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
            throw new UnreadableException((int)second.Start.Line, "a second document begins here: expected one document in a file");
        return root;
    }

    private Node ReadNode(int depth)
    {
        var next = _parser.Consume<ParsingEvent>();
        var line = (int)next.Start.Line;
        if (depth > MaxDepth) throw new UnreadableException(line, $"nested deeper than {MaxDepth} levels");
        if (next is AnchorAlias) throw new UnreadableException(line, "aliases (*name) are not supported: write the value again");
        if (next is NodeEvent { Anchor.IsEmpty: false })
            throw new UnreadableException(line, "anchors (&name) are not supported: write the value where it is needed");
        if (next is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } })
            throw new UnreadableException(line, "tags (!name) are not supported: write the plain value");
        return next switch
        {
            YamlDotNet.Core.Events.Scalar scalar => ToScalar(scalar, line),
            SequenceStart => ReadList(line, depth),
            MappingStart => ReadMap(line, depth),
            _ => throw new UnreadableException(line, "a value was expected here"),
        };
    }

    private static ScalarNode ToScalar(YamlDotNet.Core.Events.Scalar scalar, int line) =>
        new(scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" } ? null : scalar.Value, line);

    private ListNode ReadList(int line, int depth)
    {
        var items = new List<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1));
        return new ListNode(items, line);
    }

    private MapNode ReadMap(int line, int depth)
    {
        var entries = new List<MapEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(depth + 1) is not ScalarNode { Text: { } name } key)
                throw new UnreadableException(line, "a field name was expected here");
            var value = ReadNode(depth + 1);
            if (names.Add(name)) entries.Add(new MapEntry(name, key.Line, value));
            else _errors.Add(key.Line, $"'{name}' stands here twice: expected each field once");
        }
        return new MapNode(entries, line);
    }

    /// <summary>The file cannot be read on from here.</summary>
    private sealed class UnreadableException(int line, string message) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
