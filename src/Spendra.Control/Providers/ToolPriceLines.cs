using Spendra.Control.Dashboard;
using Spendra.Core.Money;

namespace Spendra.Control.Providers;

/// <summary>Prices of tools as somebody types them: a line each, <c>web_search 0.01</c>.</summary>
internal static class ToolPriceLines
{
    public static string Write(IReadOnlyDictionary<string, NanoUsd>? tools) => string.Join('\n', (tools ?? new Dictionary<string, NanoUsd>()).Select(t => $"{t.Key} {t.Value}"));

    /// <summary>What is sent, or which line cannot be read.</summary>
    /// <param name="lines">A tool and its price each.</param>
    /// <param name="others">The price of every other tool; empty for none.</param>
    public static (ToolPricesBody? Body, PageProblem? Problem) Read(string lines, string others)
    {
        var tools = new SortedDictionary<string, NanoUsd>(StringComparer.Ordinal);
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.LastIndexOf(' ') is var at and > 0 && NanoUsd.TryParse(line[(at + 1)..], out var price) && tools.TryAdd(line[..at].TrimEnd(), price)) continue;
            return (null, new PageProblem(400, "A line cannot be read.", "Write a line for each tool: its name, a space, and USD per call. Name each once.", null)
            {
                Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["tools"] = [$"has the line '{line}'."] },
            });
        }
        if (QueryText.OrNull(others) is not { } text) return (new ToolPricesBody { Tools = tools }, null);
        return NanoUsd.TryParse(text, out var other) ? (new ToolPricesBody { Tools = tools, DefaultToolUsd = other }, null) : (null, PageProblem.NotAnAmount("defaultToolUsd"));
    }
}
