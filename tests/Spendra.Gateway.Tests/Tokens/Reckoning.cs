using Microsoft.ML.Tokenizers;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>
/// What OpenAI bills for a chat, reckoned apart from the gateway by the formula of its cookbook ("How to count tokens with
/// tiktoken"): 3 for each message and 1 for its name, 3 for the beginning of the answer; for each function 7 and 12, for
/// each property 3, for an enumeration -3 and 3 for each of its values.
/// </summary>
internal sealed class Reckoning(string encoding)
{
    private readonly TiktokenTokenizer _tokenizer = TiktokenTokenizer.CreateForEncoding(encoding);

    public static Reckoning O200K { get; } = new("o200k_base");

    public static Reckoning Cl100K { get; } = new("cl100k_base");

    public int Tokens(string text) => _tokenizer.CountTokens(text);

    public int Chat(IEnumerable<Message> messages, IEnumerable<Function> functions)
    {
        var total = 3 + messages.Sum(m => 3 + Tokens(m.Role) + Tokens(m.Text) + (m.Name is { } name ? 1 + Tokens(name) : 0));
        return total + functions.Sum(f => 7 + 12 + Tokens($"{f.Name}:{f.Description}") + f.Properties.Sum(OfProperty));
    }

    private int OfProperty(Property property) =>
        3 + Tokens($"{property.Name}:string:{property.Description}") + (property.Values.Length == 0 ? 0 : -3 + property.Values.Sum(v => 3 + Tokens(v)));

    internal sealed record Message(string Role, string Text, string? Name);

    internal sealed record Function(string Name, string Description, Property[] Properties);

    internal sealed record Property(string Name, string Description, string[] Values);
}
