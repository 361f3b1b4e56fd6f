using System.Text;
using System.Text.Json;

namespace Spendra.Gateway.Tests.Media;

/// <summary>A call for pictures or sound as a client sends it. Knobs go to the sandbox inside the prompt or the input.</summary>
internal sealed record MediaCall(string Path)
{
    /// <summary>
    /// The catalog, and two models beside it: one that writes down, by the token, and one that paints without a known limit.
    /// </summary>
    public static Rules Rules { get; } = new()
    {
        Prices =
        [
            .. new Rules().Prices,
            "{provider: openai, model: writer, inputUsdPerMillion: \"2.5\", outputUsdPerMillion: \"10\", maxOutput: 2000, contextWindow: 16000, unitUsdPerMillion: {audio_input: \"6\"}}",
            "{provider: openai, model: painter, inputUsdPerMillion: \"1\", outputUsdPerMillion: \"1\", unitUsdPerMillion: {image_output: \"30\"}}",
        ],
    };

    public string Json { get; init; } = "";

    public (string Name, string Text)[] Fields { get; init; } = [];

    public (string Field, string FileName, byte[] Content)[] Files { get; init; } = [];

    /// <summary>The header <c>user-agent</c>, which reaches providers; empty for none.</summary>
    public string Agent { get; init; } = "";

    public bool IsForm => Json.Length == 0;

    public static MediaCall Image(string model = "gpt-image-2", string knobs = "", string more = "") => new("images/generations")
    {
        Json = $"{{\"model\":\"{model}\",\"prompt\":\"{Bodies.Text(knobs)}\"{(more.Length > 0 ? "," : "")}{more}}}",
    };

    public static MediaCall Edit(string model = "gpt-image-2", string knobs = "", params (string, string)[] more) => new("images/edits")
    {
        Fields = [("model", model), ("prompt", Bodies.Text(knobs)), .. more],
        Files = [("image[]", "a.png", Encoding.ASCII.GetBytes("no picture"))],
    };

    public static MediaCall Speech(string model = "tts-1", string knobs = "", string text = "Hello there", string more = "") => new("audio/speech")
    {
        Json = $"{{\"model\":\"{model}\",\"voice\":\"alloy\",\"input\":{JsonSerializer.Serialize(knobs.Length == 0 ? text : Bodies.Text(knobs))}{(more.Length > 0 ? "," : "")}{more}}}",
    };

    public static MediaCall Recording(string route, string model = "whisper-1", string knobs = "", byte[]? file = null, params (string, string)[] more) => new($"audio/{route}")
    {
        Fields = [("model", model), ("prompt", Bodies.Text(knobs)), .. more],
        Files = [("file", "a.wav", file ?? Sounds.Wave(3_000))],
    };

    public static MediaCall Moderation(string model = "omni-moderation-latest") => new("moderations")
    {
        Json = $"{{\"model\":\"{model}\",\"input\":\"Hello\"}}",
    };

    public MediaCall At(string path) => this with { Path = path };

    public HttpContent Content()
    {
        if (!IsForm) return GatewayHarness.Json(Json);
        var form = new MultipartFormDataContent();
        // As openai-node sends it: what is a file comes before the model.
        foreach (var (field, name, content) in Files) form.Add(new ByteArrayContent(content), field, name);
        foreach (var (name, text) in Fields) form.Add(new StringContent(text), name);
        return form;
    }

    public async Task<Answer> SendAsync(Company company, string key = "k1", string? idempotencyKey = null)
    {
        using var client = company.Client(key);
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = Content() };
        if (Agent.Length > 0) request.Headers.UserAgent.ParseAdd(Agent);
        if (idempotencyKey is not null) request.Headers.Add("idempotency-key", idempotencyKey);
        return await Answer.SendAsync(client, request);
    }

    /// <summary>What came of an answer that may break off.</summary>
    public async Task<Answer> BeginAsync(Company company)
    {
        using var client = company.Client();
        if (Agent.Length > 0) client.DefaultRequestHeaders.UserAgent.ParseAdd(Agent);
        return (await Answer.BegunAsync(client, Path, Content())).Came;
    }
}
