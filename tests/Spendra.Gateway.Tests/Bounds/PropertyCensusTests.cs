using Spendra.Gateway.Providers;
using Spendra.Gateway.Tests.Batches;
using Spendra.Gateway.Tests.Claude;
using Spendra.Gateway.Tests.Gemini;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// Every route that costs money has a test that gives it the worst answer its provider may give. A new route fails here until
/// somebody says which test that is.
/// </summary>
public sealed class PropertyCensusTests
{
    private static readonly Dictionary<string, string> Covered = new()
    {
        ["openai chat.completions"] = nameof(OpenAiWorstAnswerTests.A_chat_of_OpenAIs_is_covered),
        ["openai responses"] = nameof(OpenAiWorstAnswerTests.A_response_of_OpenAIs_is_covered),
        ["azure chat.completions"] = nameof(OpenAiWorstAnswerTests.A_call_of_Azures_is_covered_at_the_rates_of_its_host),
        ["azure responses"] = nameof(OpenAiWorstAnswerTests.A_call_of_Azures_is_covered_at_the_rates_of_its_host),
        ["anthropic chat.completions"] = nameof(OpenAiWorstAnswerTests.A_chat_at_Anthropics_door_is_covered_with_its_tools),
        ["anthropic messages"] = nameof(ClaudeBoundTests.The_bound_is_never_less_than_what_is_settled),
        ["openrouter chat.completions"] = nameof(OpenRouterWorstAnswerTests.A_call_in_OpenAIs_formats_is_covered_at_any_host),
        ["openrouter responses"] = nameof(OpenRouterWorstAnswerTests.A_call_in_OpenAIs_formats_is_covered_at_any_host),
        ["openrouter openrouter.messages"] = nameof(OpenRouterWorstAnswerTests.A_message_is_covered_at_any_host),
        ["google google.generate"] = nameof(GeminiWorstAnswerTests.A_generation_is_covered),
        ["vertexai vertexai.generate"] = nameof(GeminiWorstAnswerTests.A_generation_is_covered),
        // Bounded by the same facts; how a stream tells its usage is tested with the meters.
        ["google google.stream"] = nameof(GeminiWorstAnswerTests.A_generation_is_covered),
        ["vertexai vertexai.stream"] = nameof(GeminiWorstAnswerTests.A_generation_is_covered),
        ["google google.chat.completions"] = nameof(GoogleChatWorstAnswerTests.A_chat_at_Googles_doors_is_covered),
        ["vertexai vertexai.chat.completions"] = nameof(GoogleChatWorstAnswerTests.A_chat_at_Googles_doors_is_covered),
        ["vertexai vertexai.messages"] = nameof(ClaudeWorstAnswerTests.A_message_on_Vertex_AI_is_covered),
        ["vertexai vertexai.predict.message"] = nameof(ClaudeWorstAnswerTests.A_message_on_Vertex_AI_is_covered),
        ["vertexai vertexai.predict.message_stream"] = nameof(ClaudeWorstAnswerTests.A_message_on_Vertex_AI_is_covered),
        ["vertexai vertexai.predict"] = nameof(VertexEmbeddingTests.A_text_costs_its_tokens_or_its_characters),
        // Each line is bounded by the reader and the rules of its endpoint; their sum is what these test.
        ["openai batches.create"] = nameof(BatchTests),
        // A call has one price, whatever the answer.
        ["mcp mcp"] = nameof(ToolCallTests),
        ["mcp tool_calls"] = nameof(PlainToolCallTests),
    };

    [Fact]
    public void Every_priced_route_has_a_worst_answer()
    {
        var media = new[] { "images.generations", "images.edits", "audio.speech", "audio.transcriptions", "audio.translations" }
            .SelectMany(name => new[] { $"openai {name}", $"azure {name}" });

        ProviderList.Routes.Where(r => r.IsPriced).Select(r => $"{r.Provider.Name} {r.Name}").Distinct()
            .Should().BeEquivalentTo([.. Covered.Keys, .. EmbeddingWorstAnswerTests.Covered.Distinct(), .. media], nameof(MediaBoundTests.Every_answer_is_settled_within_its_bound));
    }
}
