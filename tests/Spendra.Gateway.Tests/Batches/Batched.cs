using System.Text;
using System.Text.Json;
using Dapper;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>Companies whose price book sells batches at half the rates of <see cref="Rules"/>, and what they send.</summary>
internal static class Batched
{
    public const string Chat = "/v1/chat/completions";

    private const string Half = "tiers: {batch: 50, flex: 50}";

    public static string[] Prices { get; } =
    [
        $"{{provider: openai, model: b1, {Gateway.Tests.Rules.Rates}, {Half}}}",
        $"{{provider: openai, model: b-max, {Gateway.Tests.Rules.Rates}, maxOutput: 50, {Half}}}",
        $"{{provider: openai, model: b-long, {Gateway.Tests.Rules.Rates}, {Half}, longContext: {{aboveInputTokens: 1000, inputUsdPerMillion: \"2\", cachedInputUsdPerMillion: \"0.2\", cacheWriteUsdPerMillion: \"2.5\", outputUsdPerMillion: \"3\"}}}}",
        $"{{provider: openai, model: b-emb, inputUsdPerMillion: \"0.02\", outputUsdPerMillion: \"0\", {Half}}}",
    ];

    public static Rules Rules { get; } = new() { Prices = [.. new Rules().Prices, .. Prices] };

    public static string Body(string knobs = "", string more = "\"max_tokens\":16", string model = "b1") => Bodies.Chat(knobs, more, model);

    public static string Line(string body, int number = 1, string url = Chat) =>
        $$"""{"custom_id":"line-{{number}}","method":"POST","url":"{{url}}","body":{{body}}}""";

    /// <summary>Lines of the same endpoint, numbered.</summary>
    public static string File(IEnumerable<string> bodies, string url = Chat) =>
        string.Concat(bodies.Select((body, i) => Line(body, i + 1, url) + "\n"));

    /// <summary>What lines of 16 tokens of output are held at: half of what they would be held at alone, rounded once.</summary>
    public static long BoundOf(params string[] bodies) => (bodies.Sum(Bodies.BoundOf) + 1) / 2;

    public static MultipartFormDataContent Form(string content) => new()
    {
        { new StringContent("batch"), "purpose" },
        { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "file", "lines.jsonl" },
    };

    public static async Task<string> UploadAsync(Company company, string content, string key = "k1")
    {
        using var client = company.Client(key);
        using var request = new HttpRequestMessage(HttpMethod.Post, "files") { Content = Form(content) };
        return (string)(await Answer.SendAsync(client, request)).ShouldBe(200).Json["id"]!;
    }

    public static string Request(string fileId, string knobs = "", string endpoint = Chat) => JsonSerializer.Serialize(new
    {
        input_file_id = fileId, endpoint, completion_window = "24h", metadata = new { sandbox = knobs },
    });

    public static async Task<Answer> CreateAsync(Company company, string content, string knobs = "", string endpoint = Chat, string key = "k1") =>
        await company.PostAsync("batches", Request(await UploadAsync(company, content, key), knobs, endpoint), key);

    /// <summary>Asks until the batch has ended, as clients do.</summary>
    public static async Task<Answer> EndAsync(Company company, string id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var answer = (await company.GetAsync($"batches/{id}")).ShouldBe(200);
            if ((string)answer.Json["status"]! is "completed" or "failed" or "expired" or "cancelled") return answer;
            patience.IsCancellationRequested.Should().BeFalse("a batch ends with its second fetch");
        }
    }

    /// <summary>The id of a batch of one line that has been settled.</summary>
    public static async Task<string> MakeAsync(Company company)
    {
        var (_, ended) = await RunAsync(company, File([Body()]));
        return (string)ended.Json["id"]!;
    }

    /// <summary>A batch from its creation to its settlement.</summary>
    public static async Task<(Books Books, Answer Ended)> RunAsync(Company company, string content, string knobs = "", string endpoint = Chat)
    {
        var id = (string)(await CreateAsync(company, content, knobs, endpoint)).ShouldBe(200).Json["id"]!;
        var ended = await EndAsync(company, id);
        return (await company.SettledAsync(), ended);
    }

    public static int CreatedAtProvider(Company company) => company.Journal.Requests.Count(r => r.Method == "POST" && r.PathAndQuery.EndsWith("/batches"));

    public static async Task<T> ScalarAsync<T>(Company company, string sql)
    {
        await using var connection = await company.Gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return (await connection.ExecuteScalarAsync<T>(sql, new { organization = company.Id }))!;
    }
}
