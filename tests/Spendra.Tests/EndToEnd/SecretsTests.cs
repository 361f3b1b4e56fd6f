using System.Text;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>What must stay between client and provider is nowhere else: not in logs, not in files, not in errors.</summary>
public sealed class SecretsTests
{
    private const string Credential = "sk-canary-credential-7f3a9c";
    private const string Prompt = "canary-prompt-51d20e";
    // What the sandbox always answers.
    private const string Completion = "budget holds because the ledger";
    private const string Upload = "canary-file-content-88ab04";

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Secrets_and_texts_stay_out_of_logs_files_and_errors(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine, new SandboxOptions { RecordRequests = true });
        site.Variables["SPENDRA__LOG__LEVEL"] = "trace";
        site.Variables["SPENDRA__DEBUG"] = "true";
        await site.ApplyAsync(Acme.Declaration("1", credential: Credential));
        var served = await site.ServeAsync();
        var secret = site.Keys["ada"];

        var answers = await CallInEveryWayAsync(served, secret);
        await UploadAsync(served, secret);
        await served.ShouldStopAsync();

        site.Sandbox.Journal.Requests.Should().OnlyContain(r => r.Headers["Authorization"] == $"Bearer {Credential}");
        answers.Should().Contain(a => a.Status == 200);
        var random = secret[(secret.LastIndexOf('_') + 1)..];
        foreach (var answer in answers.Where(a => a.Status != 200))
            Canaries(random).Should().NotContain(c => answer.Body.Contains(c), $"{answer.Status}: {answer.Body}");
        Canaries(random).Should().NotContain(c => served.Process.Output.Contains(c), "the log was {0}", served.Process.Output);
        var files = (await DatabaseFilesAsync(site)).ToList();
        files.Should().NotBeEmpty();
        files.Should().Contain(f => Holds(f, "ada@acme.example"), "this is where the data is");
        foreach (var file in files) Canaries(random).Should().NotContain(c => Holds(file, c), file);
        foreach (var command in new[] { "budgets", "verify", "reservations" })
        {
            var shown = (await site.RunAsync(command)).ToString();
            Canaries(random).Should().NotContain(c => shown.Contains(c));
        }
    }

    private static string[] Canaries(string secret) => [secret, Credential, Prompt, Completion, Upload];

    /// <summary>Successes and every kind of failure, here and at the provider.</summary>
    private static async Task<List<Answer>> CallInEveryWayAsync(ServedProcess served, string secret)
    {
        var answers = new List<Answer>();
        string[] knobs = ["", "status=400", "status=401", "status=429", "status=500", "garbage=true", "break_after=2", "error_midstream=true", "no_usage=true"];
        foreach (var knob in knobs)
        {
            foreach (var isStreamed in new[] { false, true })
                answers.Add(await TryAsync(() => served.ChatAsync(secret, Acme.Chat(isStreamed, knob, Prompt))));
        }
        answers.Add(await served.ChatAsync(secret, Acme.Chat(prompt: Prompt), idempotencyKey: "once"));
        answers.Add(await served.ChatAsync(secret, Acme.Chat(prompt: Prompt), idempotencyKey: "once"));
        answers.Add(await served.ChatAsync(secret, $"{{\"model\":\"gpt-4.1-mini\",\"messages\":[{{\"role\":\"user\",\"content\":\"{Prompt}"));
        answers.Add(await served.ChatAsync(secret, Acme.Chat(prompt: Prompt).Replace(Acme.Model, "no-such-model", StringComparison.Ordinal)));
        answers.Add(await served.ChatAsync(secret[..^1] + (secret[^1] == '0' ? '1' : '0'), Acme.Chat(prompt: Prompt)));
        answers.Add(await served.PostAsync("/v1/responses", secret, $$"""{"model":"{{Acme.Model}}","input":"{{Prompt}}","max_output_tokens":16}"""));
        answers.Add(await served.PostAsync("/v1/embeddings", secret, $$"""{"model":"{{Acme.EmbeddingModel}}","input":"{{Prompt}}"}"""));
        answers.Add(await served.PostAsync("/v1/unheard-of", secret, Acme.Chat(prompt: Prompt)));
        return answers;
    }

    private static async Task<Answer> TryAsync(Func<Task<Answer>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The provider broke off, and so did the gateway.
            return new Answer(0, e.Message, null, null, null, null);
        }
    }

    private static async Task UploadAsync(ServedProcess served, string secret)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(served.Url, "/v1/files"));
        request.Headers.Add("Authorization", $"Bearer {secret}");
        request.Content = new MultipartFormDataContent
        {
            { new StringContent("user_data"), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(Upload)), "file", "notes.txt" },
        };
        using var response = await http.SendAsync(request);
        response.IsSuccessStatusCode.Should().BeTrue();
    }

    private static async Task<IEnumerable<string>> DatabaseFilesAsync(Site site)
    {
        if (site.Engine == DatabaseEngine.Sqlite) return Directory.EnumerateFiles(site.DataFolder);
        await using var database = Database.Open(site.Target);
        await using var connection = await database.ConnectAsync(default);
        await using var command = connection.CreateCommand();
        // Only after a checkpoint is everything in the files of the tables.
        command.CommandText = "CHECKPOINT";
        await command.ExecuteNonQueryAsync();
        command.CommandText = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()";
        var folder = Path.Combine((await PostgresCluster.SharedAsync()).Folder, "data", "base", $"{await command.ExecuteScalarAsync()}");
        return Directory.EnumerateFiles(folder);
    }

    private static bool Holds(string path, string text) => File.ReadAllBytes(path).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
