using System.Collections.Frozen;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.OpenApi;

/// <summary>One line on each governed route, by the name that the ledger has for it.</summary>
internal static class RouteSummaries
{
    private static readonly FrozenDictionary<string, string> Lines = new Dictionary<string, string>
    {
        ["chat.completions"] = "Chat completion, streamed or not",
        ["responses"] = "Response, streamed, not, or in the background",
        ["embeddings"] = "Embeddings",
        ["responses.input_tokens"] = "Count the input tokens of a response",
        ["responses.get"] = "Fetch a response; one from the background is settled",
        ["responses.delete"] = "Delete a response",
        ["responses.cancel"] = "Cancel a response in the background",
        ["responses.input_items"] = "List the input of a response",
        ["files.create"] = "Upload a file",
        ["files.get"] = "Describe a file",
        ["files.content"] = "Fetch the content of a file",
        ["files.delete"] = "Delete a file",
        ["images.generations"] = "Make images",
        ["images.edits"] = "Change images",
        ["audio.speech"] = "Speak a text",
        ["audio.transcriptions"] = "Write down a recording",
        ["audio.translations"] = "Write down a recording in English",
        ["moderations"] = "Classify content; free of charge",
        ["batches.create"] = "Start a batch, reserved whole",
        ["batches.get"] = "Fetch a batch; one that has ended is settled",
        ["batches.list"] = "List the batches of the organization",
        ["batches.cancel"] = "Cancel a batch",
        ["messages"] = "Message, streamed or not",
        ["messages.count_tokens"] = "Count the input tokens of a message",
        ["openrouter.messages"] = "Message of Anthropic's format at OpenRouter, streamed or not",
        ["vertexai.messages"] = "Message to Claude on Vertex AI, streamed or not",
        ["vertexai.messages.count_tokens"] = "Count the input tokens of a message to Claude on Vertex AI",
        ["vertexai.predict.message"] = "Message to Claude on Vertex AI, as its own clients write it",
        ["vertexai.predict.message_stream"] = "Message to Claude on Vertex AI as a stream, as its own clients write it",
        ["vertexai.predict.count_tokens"] = "Count the input tokens of a message, as Vertex AI's clients write it",
        ["vertexai.predict"] = "Embed several texts",
        ["google.generate"] = "Generate content",
        ["google.stream"] = "Generate content as a stream",
        ["google.count"] = "Count tokens",
        ["google.embed"] = "Embed one content",
        ["google.embed_batch"] = "Embed several contents",
        ["google.chat.completions"] = "Chat completion at Google's door for OpenAI's clients",
        ["google.embeddings"] = "Embeddings at Google's door for OpenAI's clients",
        ["vertexai.generate"] = "Generate content",
        ["vertexai.stream"] = "Generate content as a stream",
        ["vertexai.count"] = "Count tokens",
        ["vertexai.embed"] = "Embed one content",
        ["vertexai.chat.completions"] = "Chat completion at Vertex AI's door for OpenAI's clients",
        ["mcp"] = "One JSON-RPC message to a server of tools",
        ["mcp.end"] = "End a session with a server of tools",
        ["tool_calls"] = "Call a tool without a session",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string Of(GovernedRoute route) => Lines.GetValueOrDefault(route.Name, route.Name);
}
