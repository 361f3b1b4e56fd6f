using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Core.Pricing;
using static Spendra.Gateway.Tests.Tokens.Reckoning;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>
/// Whatever a request in OpenAI's formats holds, and whatever is billed for it by OpenAI's own formula: no more than the
/// bound by the tokenizer, which is no more than the bound by bytes.
/// </summary>
public sealed class TokenBoundTests
{
    private sealed record Request(string Model, Message[] Messages, Function[] Functions, bool HasImage, bool IsEscaped, int Limit, int Choices, int[] Shares);

    private static readonly Gen<Property> Properties =
        from name in OneOf("city", "unit", "datum", "城市", "max_results")
        from description in Prompts.Texts
        from values in OneOf("celsius", "fahrenheit", "kelvin", "N/A", "ünïcode").Array[0, 14]
        select new Property(name, description, values);

    private static readonly Gen<Function> Functions =
        from name in OneOf("get_weather", "findOrder", "do_it")
        from description in Prompts.Texts
        from properties in Properties.Array[0, 5]
        select new Function(name, description, [.. properties.DistinctBy(p => p.Name)]);

    private static readonly Gen<Message> Messages =
        from role in OneOf("user", "assistant", "system", "developer")
        from text in Prompts.Texts
        from name in OneOf("", "", "ada")
        select new Message(role, text, name.Length == 0 ? null : name);

    private static readonly Gen<Request> Requests =
        from model in OneOf("gpt-4.1-mini", "gpt-5", "gpt-4-turbo")
        from messages in Messages.Array[1, 20]
        from functions in Functions.Array[0, 4]
        from flags in Gen.Select(Gen.Int[0, 9], Gen.Bool)
        from limits in Gen.Select(Gen.Int[1, 4_000], Gen.Int[1, 3])
        from shares in Gen.Int[0, 1000].Array[3]
        select new Request(model, messages, functions, flags.Item1 == 0, flags.Item2, limits.Item1, limits.Item2, shares);

    [Fact]
    public Task The_bound_of_a_chat_is_never_less_than_what_is_settled() => Requests.SampleAsync(async request =>
    {
        var call = OpenAiCall.Bound("chat.completions", ChatOf(request), request.Model);
        var byBytes = call.Amount;
        var tight = await OpenAiCall.TightenAsync(call);

        tight.Should().BeLessThanOrEqualTo(byBytes);
        var input = MostOf(request);
        var settled = OpenAiCall.Settle(call, UsageOf("prompt", "completion", input, (long)request.Limit * request.Choices, request.Shares));
        settled.IsEstimated.Should().BeFalse();
        settled.Cost.Should().BeLessThanOrEqualTo(tight);
    }, iter: 1_500);

    [Fact]
    public Task The_bound_of_a_response_is_never_less_than_what_is_settled() => Requests.SampleAsync(async request =>
    {
        var call = OpenAiCall.Bound("responses", ResponseOf(request), request.Model);
        var byBytes = call.Amount;
        var tight = await OpenAiCall.TightenAsync(call);

        tight.Should().BeLessThanOrEqualTo(byBytes);
        var input = MostOf(request);
        var settled = OpenAiCall.Settle(call, UsageOf("input", "output", input, request.Limit, request.Shares));
        settled.Cost.Should().BeLessThanOrEqualTo(tight);
    }, iter: 1_000);

    [Fact]
    public Task The_bound_of_an_embedding_is_never_less_than_what_is_settled() => Prompts.Texts.Array[1, 20].SampleAsync(async inputs =>
    {
        const string model = "text-embedding-3-small";
        var body = new JsonObject { ["model"] = model, ["input"] = new JsonArray([.. inputs.Select(i => JsonValue.Create(i))]) };
        var call = OpenAiCall.Bound("embeddings", body.ToJsonString(), model);
        var byBytes = call.Amount;
        var tight = await OpenAiCall.TightenAsync(call);

        tight.Should().BeLessThanOrEqualTo(byBytes);
        var tokens = inputs.Sum(Cl100K.Tokens);
        OpenAiCall.Settle(call, $"{{\"prompt_tokens\":{tokens},\"total_tokens\":{tokens}}}").Cost.Should().BeLessThanOrEqualTo(tight);
    }, iter: 500);

    [Fact]
    public async Task Ordinary_text_is_bounded_several_times_more_tightly()
    {
        var text = string.Concat(Enumerable.Repeat(Prompts.Samples[0].Text + " ", 50));
        var call = OpenAiCall.Bound("chat.completions", $"{{\"model\":\"gpt-5\",\"max_tokens\":1,\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]}}", "gpt-5");
        var byBytes = call.Bound.Input;

        await OpenAiCall.TightenAsync(call);

        call.Basis.Should().Be(BoundBasis.Tokenizer);
        call.Bound.Input.Should().BeLessThan(byBytes / 3);
        call.Bound.Input.Should().BeInRange(O200K.Tokens(text), O200K.Tokens(text) + 200);
    }

    [Fact]
    public async Task Sealed_reasoning_is_not_counted_as_text()
    {
        var call = OpenAiCall.Bound("responses",
            """{"model":"gpt-5","max_output_tokens":16,"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAAABo4kT0"}]}""", "gpt-5");
        var byBytes = call.Amount;

        (await OpenAiCall.TightenAsync(call)).Should().Be(byBytes);
        call.Tight.Should().BeNull();
    }

    /// <summary>Beside the text an image has what OpenAI's guide says of the model at most, where it says it.</summary>
    private static long MostOf(Request request)
    {
        var text = EncodingOf(request.Model).Chat(request.Messages, request.Functions);
        if (!request.HasImage) return text;
        return request.Model switch
        {
            "gpt-4o" or "gpt-4.1" => text + 1_445,
            "gpt-4o-mini" => text + 48_169,
            "gpt-5" => text + 1_190,
            "o1" or "o3" => text + 1_275,
            "gpt-4.1-mini" or "gpt-5-mini" => text + 2_489,
            "gpt-4.1-nano" or "gpt-5-nano" => text + 3_779,
            "o4-mini" => text + 2_642,
            _ => OpenAiCall.Window,
        };
    }

    private static string ChatOf(Request request)
    {
        var body = new JsonObject
        {
            ["model"] = request.Model,
            ["max_completion_tokens"] = request.Limit,
            ["n"] = request.Choices,
            ["messages"] = new JsonArray([.. request.Messages.Select(MessageOf)]),
        };
        if (request.Functions.Length > 0) body["tools"] = new JsonArray([.. request.Functions.Select(f => new JsonObject { ["type"] = "function", ["function"] = FunctionOf(f) })]);
        if (request.HasImage) ((JsonArray)body["messages"]!).Add(Image("image_url"));
        return Write(body, request.IsEscaped);
    }

    private static string ResponseOf(Request request)
    {
        var body = new JsonObject
        {
            ["model"] = request.Model,
            ["max_output_tokens"] = request.Limit,
            ["input"] = new JsonArray([.. request.Messages.Select(MessageOf)]),
        };
        if (request.Functions.Length > 0)
        {
            body["tools"] = new JsonArray([.. request.Functions.Select(f =>
            {
                var function = FunctionOf(f);
                function["type"] = "function";
                return function;
            })]);
        }
        if (request.HasImage) ((JsonArray)body["input"]!).Add(Image("input_image"));
        return Write(body, request.IsEscaped);
    }

    private static JsonObject Image(string type) => new()
    {
        ["role"] = "user",
        ["content"] = new JsonArray(new JsonObject { ["type"] = type, ["image_url"] = "data:image/png;base64,AAAA" }),
    };

    private static JsonObject MessageOf(Message message)
    {
        var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Text };
        if (message.Name is not null) json["name"] = message.Name;
        return json;
    }

    private static JsonObject FunctionOf(Function function) => new()
    {
        ["name"] = function.Name,
        ["description"] = function.Description,
        ["parameters"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject([.. function.Properties.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)PropertyOf(p)))]),
        },
    };

    private static JsonObject PropertyOf(Property property)
    {
        var json = new JsonObject { ["type"] = "string", ["description"] = property.Description };
        if (property.Values.Length > 0) json["enum"] = new JsonArray([.. property.Values.Select(v => JsonValue.Create(v))]);
        return json;
    }

    /// <summary>The same body with every character that can be escaped, or with none that need not.</summary>
    private static string Write(JsonObject body, bool isEscaped) => body.ToJsonString(new System.Text.Json.JsonSerializerOptions
    {
        Encoder = isEscaped ? System.Text.Encodings.Web.JavaScriptEncoder.Default : System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private static string UsageOf(string inputName, string outputName, long input, long output, int[] shares)
    {
        var cached = input * shares[0] / 1000;
        var written = (input - cached) * shares[1] / 1000;
        var produced = shares[2] > 900 ? output : output * shares[2] / 1000;
        return new StringBuilder()
            .Append($"{{\"{inputName}_tokens\":{input},\"{outputName}_tokens\":{produced},\"total_tokens\":{input + produced},")
            .Append($"\"{inputName}_tokens_details\":{{\"cached_tokens\":{cached},\"cache_write_tokens\":{written}}}}}").ToString();
    }

    private static Reckoning EncodingOf(string model) => model == "gpt-4-turbo" ? Cl100K : O200K;

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}
