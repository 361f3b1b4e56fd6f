using System.Collections.Frozen;
using Microsoft.ML.Tokenizers;
using Spendra.Core.Governance;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tokens;

/// <summary>
/// Which models have a public tokenizer that counts their text exactly: those that OpenAI's own tokenizer library names
/// (openai/tiktoken, <c>model.py</c>), by exact id or a dated snapshot of it. Models whose encoding OpenAI has not told are not guessed from their
/// family: a new one may have a new vocabulary, and a count by the wrong one is no bound.
/// </summary>
internal static class TokenEncodings
{
    // Loading a vocabulary takes some hundred milliseconds and tens of megabytes: only gateways that need one pay for it.
    private static readonly Lazy<TextTokens> O200K = new(static () => new TextTokens(TiktokenTokenizer.CreateForEncoding("o200k_base")));
    private static readonly Lazy<TextTokens> Cl100K = new(static () => new TextTokens(TiktokenTokenizer.CreateForEncoding("cl100k_base")));

    private static readonly FrozenDictionary<string, Lazy<TextTokens>> Known = new Dictionary<string, Lazy<TextTokens>>
    {
        ["gpt-5"] = O200K,
        ["gpt-5-mini"] = O200K,
        ["gpt-5-nano"] = O200K,
        ["gpt-5-pro"] = O200K,
        ["gpt-4.1"] = O200K,
        ["gpt-4.1-mini"] = O200K,
        ["gpt-4.1-nano"] = O200K,
        ["gpt-4o"] = O200K,
        ["gpt-4o-mini"] = O200K,
        ["o1"] = O200K,
        ["o1-pro"] = O200K,
        ["o3"] = O200K,
        ["o3-mini"] = O200K,
        ["o3-pro"] = O200K,
        ["o4-mini"] = O200K,
        ["gpt-4-turbo"] = Cl100K,
        ["gpt-3.5-turbo"] = Cl100K,
        ["gpt-35-turbo"] = Cl100K,
        ["text-embedding-3-small"] = Cl100K,
        ["text-embedding-3-large"] = Cl100K,
        ["text-embedding-ada-002"] = Cl100K,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>
    /// The tokenizer of a model as the price book names it, or null. Only where OpenAI's models are served as they are:
    /// other hosts may put a request differently.
    /// </summary>
    public static TextTokens? Find(string provider, string model) =>
        provider is KnownProvider.OpenAi or KnownProvider.Azure && Known.TryGetValue(ServedPrice.UndatedOf(model), out var tokens) ? tokens.Value : null;
}
