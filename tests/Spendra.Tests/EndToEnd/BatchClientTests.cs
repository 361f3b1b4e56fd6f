using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI.Batch;
using OpenAI.Files;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>Batches by clients that people use, changed only in base URL and key: half of what their lines cost alone.</summary>
public sealed class BatchClientTests
{
    // Two lines at half the price.
    private static readonly NanoUsd Cost = Acme.ChatCost();

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_DotNet_client_runs_a_batch(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        var client = served.OpenAi(site.Keys["ada"]);
        OpenAIFile input = await client.GetOpenAIFileClient().UploadFileAsync(BinaryData.FromString(Line(1) + "\n" + Line(2)), "lines.jsonl", FileUploadPurpose.Batch);

        var operation = await client.GetBatchClient().CreateBatchAsync(BinaryContent.Create(BinaryData.FromObjectAsJson(new
        {
            input_file_id = input.Id, endpoint = "/v1/chat/completions", completion_window = "24h",
        })), waitUntilCompleted: false);
        var ended = await EndAsync(operation);

        ended.GetProperty("status").GetString().Should().Be("completed");
        BinaryData answers = await client.GetOpenAIFileClient().DownloadFileAsync(ended.GetProperty("output_file_id").GetString(), TestContext.Current.CancellationToken);
        answers.ToString().Should().Contain("line-1").And.Contain("line-2");
        await ShouldHaveCostAsync(site, served);
    }

    [Fact]
    public async Task The_NodeJs_client_runs_a_batch()
    {
        await using var site = await Site.CreateAsync(DatabaseEngine.Sqlite);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        var variables = new Dictionary<string, string?>
        {
            ["OPENAI_BASE_URL"] = new Uri(served.Url, "/v1").ToString(),
            ["OPENAI_API_KEY"] = site.Keys["ada"],
            ["SPENDRA_MODEL"] = Acme.Model,
        };

        var seen = (await SpendraProcess.RunAsync("node", ["openai-batches.mjs"], variables, Path.Combine(SpendraProcess.Root, "tests", "clients"))).ShouldSucceed().Json;

        seen.GetProperty("made").GetString().Should().Be("validating");
        seen.GetProperty("ended").GetString().Should().Be("completed");
        seen.GetProperty("isListed").GetBoolean().Should().BeTrue();
        seen.GetProperty("answers").EnumerateArray().Select(a => a.GetString()).Should().Equal("line-1", "line-2");
        seen.GetProperty("refusal").GetProperty("status").GetInt32().Should().Be(400);
        seen.GetProperty("refusal").GetProperty("code").GetString().Should().Be("unpriceable_request");
        await ShouldHaveCostAsync(site, served);
    }

    private static string Line(int number) => JsonSerializer.Serialize(new
    {
        custom_id = $"line-{number}", method = "POST", url = "/v1/chat/completions",
        body = new { model = Acme.Model, max_completion_tokens = 32, messages = new[] { new { role = "user", content = Acme.Prompt } } },
    });

    private static async Task<JsonElement> EndAsync(CreateBatchOperation operation)
    {
        for (var i = 0; i < 20; i++)
        {
            var fetched = await operation.GetBatchAsync(new RequestOptions());
            var batch = JsonDocument.Parse(fetched.GetRawResponse().Content).RootElement;
            if (batch.GetProperty("status").GetString() == "completed") return batch;
        }
        throw new InvalidOperationException("a batch of the sandbox ends with its second fetch");
    }

    /// <summary>What was seen to have ended is settled soon, not at once: the answer does not wait for it.</summary>
    private static async Task ShouldHaveCostAsync(Site site, ServedProcess served)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await site.StandingAsync("ada-total")).Reserved != NanoUsd.Zero)
        {
            patience.IsCancellationRequested.Should().BeFalse("a batch that a client has seen ended is settled");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        (await site.StandingAsync("ada-total")).Settled.Should().Be(Cost);
    }
}
