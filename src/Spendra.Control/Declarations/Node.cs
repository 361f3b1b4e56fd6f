namespace Spendra.Control.Declarations;

/// <summary>A value of a declaration file with the line that it starts at.</summary>
internal abstract record Node(int Line)
{
    /// <summary>What the node is, for errors.</summary>
    public abstract string Shape { get; }
}

/// <summary>
/// Text as it stands in the file: <c>10.50</c> stays these five characters, it never becomes a binary number.
/// <c>Text</c> is null for an unquoted <c>null</c>, <c>~</c> or nothing.
/// </summary>
internal sealed record ScalarNode(string? Text, int Line) : Node(Line)
{
    public override string Shape => Text is null ? "nothing" : "a single value";
}

internal sealed record ListNode(IReadOnlyList<Node> Items, int Line) : Node(Line)
{
    public override string Shape => "a list";
}

internal sealed record MapNode(IReadOnlyList<MapEntry> Entries, int Line) : Node(Line)
{
    public override string Shape => "a group of fields";
}

internal sealed record MapEntry(string Name, int Line, Node Value);
