using System.Buffers;
using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tokens;

/// <summary>
/// Bounds the tokens of a request in OpenAI's formats by the model's tokenizer: every name and every text in the body,
/// each counted as the provider sees it, with its escapes resolved, and three tokens more for every name, value, object
/// and list.
/// <para>
/// Those three cover what is put around texts. A message adds 3 tokens and its role, a name 1, the answer's beginning 3
/// (openai-cookbook, "How to count tokens with tiktoken"); here a message has at least 3 for its object and 3 for each of
/// its names and values. Definitions of tools are rendered as declarations of functions: the same source has 7 for a
/// function, 3 for each property and value of an enumeration and 12 at the end, where the JSON of a function has more
/// names and objects than that. How they are rendered is not documented for every model, therefore
/// <see cref="TokensForTools"/> on top.
/// </para>
/// </summary>
internal static class BodyTokens
{
    /// <summary>The largest body that is tokenized, in bytes: more than any context takes as text.</summary>
    public const int MaxBodyBytes = 4 * 1024 * 1024;

    /// <summary>The safety margin of requests that define tools.</summary>
    public const long TokensForTools = 64;

    private const long TokensPerNode = 3;
    private const int MaxDepth = 64;

    /// <summary>At least the tokens of a body, or null when they have no such bound.</summary>
    /// <param name="body">The body.</param>
    /// <param name="tokens">The model's tokenizer.</param>
    /// <param name="images">Images whose data is no text and not counted here, in the order of the body.</param>
    public static long? BoundOf(ReadOnlySpan<byte> body, TextTokens tokens, List<InputImage> images)
    {
        if (body.Length - images.Sum(i => (long)i.Data.Length) > MaxBodyBytes) return null;
        var buffer = ArrayPool<char>.Shared.Rent(body.Length);
        try
        {
            return Count(body, tokens, images, buffer);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What is not text has no tokens that could be counted here.
            return null;
        }
        finally
        {
            // Prompts are nobody else's: the next renter of the buffer gets it clean.
            ArrayPool<char>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static long? Count(ReadOnlySpan<byte> body, TextTokens tokens, List<InputImage> images, Span<char> buffer)
    {
        var next = 0;
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        long total = 0;
        while (json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    total += TokensPerNode;
                    break;
                case JsonTokenType.PropertyName:
                    // Earlier reasoning comes back sealed: how many tokens are inside cannot be told from its text.
                    if (json.ValueTextEquals("encrypted_content"u8)) return null;
                    if (json.CurrentDepth == 1 && (json.ValueTextEquals("tools"u8) || json.ValueTextEquals("functions"u8))) total += TokensForTools;
                    total += TextOf(ref json, tokens, buffer) + TokensPerNode;
                    break;
                case JsonTokenType.String when IsNext(images, ref next, (int)json.TokenStartIndex + 1):
                    total += TokensPerNode;
                    break;
                case JsonTokenType.String:
                    total += TextOf(ref json, tokens, buffer) + TokensPerNode;
                    break;
                case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                    total += json.ValueSpan.Length + TokensPerNode;
                    break;
            }
        }
        return total;
    }

    /// <summary>Whether the data of the next image that has any begins here; then it has been passed.</summary>
    private static bool IsNext(List<InputImage> images, ref int next, int start)
    {
        while (next < images.Count && images[next].Data.IsEmpty) next++;
        if (next == images.Count || images[next].Data.Start != start) return false;
        next++;
        return true;
    }

    private static long TextOf(ref Utf8JsonReader json, TextTokens tokens, Span<char> buffer)
    {
        var length = json.CopyString(buffer);
        return tokens.BoundOf(buffer[..length]);
    }
}
