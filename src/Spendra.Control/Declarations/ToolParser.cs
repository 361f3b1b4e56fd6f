using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Control.Declarations;

/// <summary>What only accounts of MCP servers have: the price of each tool, and whether the server's own word on cost counts.</summary>
internal static class ToolParser
{
    public static readonly string[] Fields = ["tools", "defaultToolUsd", "trustsCost"];

    public static ImmutableSortedDictionary<string, NanoUsd> Prices(FieldReader fields, KnownProvider provider, ErrorList errors)
    {
        if (provider.Name != KnownProvider.Mcp)
        {
            foreach (var field in Fields)
            {
                if (fields.Has(field)) fields.Complain(field, $"'{field}' is for {KnownProvider.Mcp}: expected none here");
            }
            return AccountItem.NoTools;
        }
        var prices = AccountItem.NoTools.ToBuilder();
        if (fields.Map("tools") is { } node)
        {
            var names = node.Entries.Select(e => e.Name).ToArray();
            var tools = new FieldReader(node, "tools", names, errors);
            foreach (var name in names)
            {
                if (name == NameSet.Any) tools.Complain(name, "'*' is not a tool: expected the price of all others as 'defaultToolUsd'");
                else if (!PlainText.Matches(name, ToolName.MaxLength)) tools.Complain(name, $"'{FieldReader.Short(name)}' is not a tool's name: expected 1 to {ToolName.MaxLength} characters");
                else if (PerCall(tools, name) is { } price) prices[name] = price;
                else if (!tools.Has(name)) tools.Complain(name, $"tool '{name}' has no price: expected USD per call; 0 when it is free");
            }
        }
        if (PerCall(fields, "defaultToolUsd") is { } others) prices[NameSet.Any] = others;
        return prices.ToImmutable();
    }

    public static bool TrustsCost(FieldReader fields, KnownProvider provider)
    {
        if (provider.Name != KnownProvider.Mcp || fields.Text("trustsCost") is not { } text) return false;
        if (text is not ("true" or "false")) fields.Complain("trustsCost", $"'trustsCost' is '{FieldReader.Short(text)}': expected true or false");
        return text == "true";
    }

    private static NanoUsd? PerCall(FieldReader fields, string field)
    {
        if (fields.Amount(field) is not { } price) return null;
        if (price <= NanoUsd.FromUsd(ToolPrice.MaxUsd)) return price;
        fields.Complain(field, $"'{field}' is {price} USD per call: expected at most {ToolPrice.MaxUsd}");
        return null;
    }
}
