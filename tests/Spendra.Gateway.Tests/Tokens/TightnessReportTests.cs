using System.Globalization;
using System.Text.Json.Nodes;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>
/// How tight bounds are, by kind of text: one message of some 2,000 characters to <c>gpt-5</c>, its input in tokens by
/// OpenAI's formula, by the tokenizer's bound and by its bytes. docs/gateway.md has the figures.
/// </summary>
public sealed class TightnessReportTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_bound_covers_the_real_input_and_the_tokenizers_is_near_it()
    {
        output.WriteLine("text       real  tokenizer       %    bytes       %");
        foreach (var (kind, sample) in Prompts.Samples)
        {
            var text = string.Concat(Enumerable.Repeat(sample + "\n", 2_000 / sample.Length + 1));
            var call = OpenAiCall.Bound("chat.completions", BodyOf(text), "gpt-5");
            var bytes = call.Bound.Input;
            await OpenAiCall.TightenAsync(call);
            var tokenizer = call.Bound.Input;
            var real = Reckoning.O200K.Chat([new("user", text, null)], []);

            output.WriteLine($"{kind,-9} {real,5} {tokenizer,10} {Percent(real, tokenizer),7} {bytes,8} {Percent(real, bytes),7}");
            tokenizer.Should().BeInRange(real, real + 150, kind);
            bytes.Should().BeGreaterThanOrEqualTo(tokenizer, kind);
        }
    }

    private static string Percent(long actual, long bound) => (100m * actual / bound).ToString("0.0", CultureInfo.InvariantCulture);

    private static string BodyOf(string text) => new JsonObject
    {
        ["model"] = "gpt-5",
        ["max_completion_tokens"] = 256,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
    }.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
