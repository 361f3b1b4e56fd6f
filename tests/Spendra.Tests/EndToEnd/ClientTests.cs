using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Files;
using OpenAI.Responses;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>Clients that people use, changed only in base URL and key. Costs are reckoned by hand.</summary>
public sealed class ClientTests
{
    private const string Input = "A sentence.";
    private const int Limit = 32;

    // "Say hello." is 10 tokens of 400 nano-USD, the answer 16 of 1,600; "A sentence." is three tokens of 20.
    private const long Call = 10 * 400 + 16 * 1_600;
    private const long Embedding = 3 * 20;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_DotNet_client_works_and_every_call_costs_what_it_must(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        var client = served.OpenAi(site.Keys["ada"]);

        await ChatAsync(client.GetChatClient(Acme.Model));
        await RespondAsync(client.GetResponsesClient());
        OpenAIEmbedding embedding = await client.GetEmbeddingClient(Acme.EmbeddingModel).GenerateEmbeddingAsync(Input, cancellationToken: TestContext.Current.CancellationToken);
        embedding.ToFloats().Length.Should().Be(Acme.EmbeddingDimensions);
        await UseFilesAsync(client.GetOpenAIFileClient());
        var refusal = await ((Func<Task>)(() => client.GetChatClient("no-such-model").CompleteChatAsync("Hi")))
            .Should().ThrowAsync<ClientResultException>();
        refusal.Which.Status.Should().Be(400);
        refusal.Which.Message.Should().StartWith("HTTP 400 (invalid_request_error: unpriceable_request)");

        await served.ShouldStopAsync();
        await ShouldHaveCostAsync(site, new NanoUsd(4 * Call + Embedding));
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_NodeJs_client_works_and_every_call_costs_what_it_must(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();

        var seen = await RunNodeAsync(site, served);

        ShouldBe(seen.GetProperty("chat"), "prompt_tokens", "completion_tokens");
        seen.GetProperty("chatStream").GetProperty("text").GetString().Should().Be(Acme.Text);
        // The client did not ask for usage: the chunk that the gateway asked for is not its business.
        seen.GetProperty("chatStream").GetProperty("chunksWithoutChoices").GetInt32().Should().Be(0);
        ShouldBe(seen.GetProperty("response"), "input_tokens", "output_tokens");
        seen.GetProperty("responseStream").GetProperty("text").GetString().Should().Be(Acme.Text);
        seen.GetProperty("responseStream").GetProperty("last").GetString().Should().Be("response.completed");
        seen.GetProperty("followUp").GetProperty("isFirst").GetBoolean().Should().BeTrue();
        seen.GetProperty("fetched").GetProperty("isSame").GetBoolean().Should().BeTrue();
        seen.GetProperty("embedding").GetProperty("dimensions").GetInt32().Should().Be(Acme.EmbeddingDimensions);
        var file = seen.GetProperty("file");
        file.GetProperty("bytes").GetInt64().Should().Be("one line\nanother line\n".Length);
        file.GetProperty("name").GetString().Should().Be("lines.txt");
        foreach (var flag in new[] { "isListed", "isContentSame", "isDeleted" }) file.GetProperty(flag).GetBoolean().Should().BeTrue(flag);
        seen.GetProperty("models").EnumerateArray().Select(m => m.GetString()).Should().Contain(Acme.Model);
        var refusal = seen.GetProperty("refusal");
        (refusal.GetProperty("status").GetInt32(), refusal.GetProperty("code").GetString(), refusal.GetProperty("retry").GetString())
            .Should().Be((400, "unpriceable_request", "false"));

        await served.ShouldStopAsync();
        // "And again." is as long as the first, whose 26 tokens are read once more.
        const long followUp = (10 + 26) * 400 + 16 * 1_600;
        await ShouldHaveCostAsync(site, new NanoUsd(4 * Call + followUp + Embedding));
    }

    /// <summary>The text and the whole usage, as the client has them.</summary>
    private static void ShouldBe(JsonElement seen, string input, string output)
    {
        seen.GetProperty("text").GetString().Should().Be(Acme.Text);
        var usage = seen.GetProperty("usage");
        (usage.GetProperty(input).GetInt64(), usage.GetProperty(output).GetInt64(), usage.GetProperty("total_tokens").GetInt64()).Should().Be((10, 16, 26));
    }

    private static async Task ChatAsync(ChatClient chat)
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = Limit };
        ChatCompletion plain = await chat.CompleteChatAsync([new UserChatMessage(Acme.Prompt)], options);
        (plain.Usage.InputTokenCount, plain.Usage.OutputTokenCount, plain.Usage.TotalTokenCount).Should().Be((10, 16, 26));
        plain.Content[0].Text.Should().Be(Acme.Text);
        var text = new StringBuilder();
        await foreach (var update in chat.CompleteChatStreamingAsync([new UserChatMessage(Acme.Prompt)], options))
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        text.ToString().Should().Be(Acme.Text);
    }

    private static async Task RespondAsync(ResponsesClient responses)
    {
        CreateResponseOptions Options(bool isStreamed) => new(Acme.Model, [ResponseItem.CreateUserMessageItem(Acme.Prompt)])
        {
            MaxOutputTokenCount = (int)Limit,
            StreamingEnabled = isStreamed,
        };
        ResponseResult plain = await responses.CreateResponseAsync(Options(isStreamed: false));
        plain.Status.Should().Be(ResponseStatus.Completed);
        plain.GetOutputText().Should().Be(Acme.Text);
        (plain.Usage.InputTokenCount, plain.Usage.OutputTokenCount, plain.Usage.TotalTokenCount).Should().Be((10, 16, 26));
        ResponseResult? streamed = null;
        await using var updates = await responses.CreateResponseStreamingAsync(Options(isStreamed: true));
        await foreach (var update in updates)
            streamed = (update as StreamingResponseCompletedUpdate)?.Response ?? streamed;
        streamed!.GetOutputText().Should().Be(Acme.Text);
        (streamed.Usage.InputTokenCount, streamed.Usage.OutputTokenCount).Should().Be((10, 16));
        ResponseResult fetched = await responses.GetResponseAsync(plain.Id);
        fetched.Id.Should().Be(plain.Id);
    }

    private static async Task UseFilesAsync(OpenAIFileClient files)
    {
        var content = BinaryData.FromString("one line\nanother line\n");
        OpenAIFile file = await files.UploadFileAsync(content, "lines.txt", FileUploadPurpose.UserData);
        OpenAIFileCollection listed = await files.GetFilesAsync();
        listed.Select(f => f.Id).Should().Contain(file.Id);
        BinaryData fetched = await files.DownloadFileAsync(file.Id);
        fetched.ToString().Should().Be(content.ToString());
        FileDeletionResult deleted = await files.DeleteFileAsync(file.Id);
        deleted.Deleted.Should().BeTrue();
    }

    private static async Task<JsonElement> RunNodeAsync(Site site, ServedProcess served)
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "openai")).Should().BeTrue(
            "the Node.js client must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var variables = new Dictionary<string, string?>
        {
            ["OPENAI_BASE_URL"] = new Uri(served.Url, "/v1").ToString(),
            ["OPENAI_API_KEY"] = site.Keys["ada"],
            ["SPENDRA_MODEL"] = Acme.Model,
            ["SPENDRA_EMBEDDING_MODEL"] = Acme.EmbeddingModel,
        };
        return (await SpendraProcess.RunAsync("node", ["openai.mjs"], variables, clients)).ShouldSucceed().Json;
    }

    private static async Task ShouldHaveCostAsync(Site site, NanoUsd expected)
    {
        await site.ShouldVerifyAsync();
        var ada = await site.StandingAsync("ada-total");
        ada.Settled.Should().Be(expected);
        ada.Reserved.Should().Be(NanoUsd.Zero);
        ada.Remaining.Should().Be(ada.Limit - expected);
    }
}
