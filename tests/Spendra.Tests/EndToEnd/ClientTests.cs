using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Files;
using OpenAI.Responses;
using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>Clients that people use, changed only in base URL and key. Costs are reckoned by hand.</summary>
public sealed class ClientTests
{
    private const string Input = "A sentence.";
    private static readonly long Limit = 32;

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
        embedding.ToFloats().Length.Should().BePositive();
        await UseFilesAsync(client.GetOpenAIFileClient());
        var refusal = await ((Func<Task>)(() => client.GetChatClient("no-such-model").CompleteChatAsync("Hi")))
            .Should().ThrowAsync<ClientResultException>();
        refusal.Which.Status.Should().BeOneOf(400, 403, 404);

        await served.ShouldStopAsync();
        await ShouldHaveCostAsync(site, Acme.ChatCost().Times(4) + Acme.EmbeddingCost(Input));
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

        seen.GetProperty("chat").GetProperty("text").GetString().Should().NotBeEmpty();
        seen.GetProperty("chatStream").GetProperty("text").GetString().Should().Be(seen.GetProperty("chat").GetProperty("text").GetString());
        // The client did not ask for usage: the chunk that the gateway asked for is not its business.
        seen.GetProperty("chatStream").GetProperty("chunksWithoutChoices").GetInt32().Should().Be(0);
        seen.GetProperty("response").GetProperty("usage").GetProperty("output_tokens").GetInt64().Should().Be(SandboxUsage.OutputTokens(Limit));
        seen.GetProperty("responseStream").GetProperty("text").GetString().Should().Be(seen.GetProperty("response").GetProperty("text").GetString());
        seen.GetProperty("responseStream").GetProperty("last").GetString().Should().Be("response.completed");
        seen.GetProperty("followUp").GetProperty("isFirst").GetBoolean().Should().BeTrue();
        seen.GetProperty("fetched").GetProperty("isSame").GetBoolean().Should().BeTrue();
        seen.GetProperty("embedding").GetProperty("dimensions").GetInt32().Should().BePositive();
        var file = seen.GetProperty("file");
        file.GetProperty("bytes").GetInt64().Should().Be("one line\nanother line\n".Length);
        file.GetProperty("name").GetString().Should().Be("lines.txt");
        foreach (var flag in new[] { "isListed", "isContentSame", "isDeleted" }) file.GetProperty(flag).GetBoolean().Should().BeTrue(flag);
        seen.GetProperty("models").EnumerateArray().Select(m => m.GetString()).Should().Contain(Acme.Model);
        seen.GetProperty("refusal").GetProperty("retry").GetString().Should().Be("false");

        await served.ShouldStopAsync();
        var first = SandboxUsage.InputTokens(Acme.Prompt) + SandboxUsage.OutputTokens(Limit);
        var followUp = Acme.CallCost(SandboxUsage.InputTokens("And again.") + first, SandboxUsage.OutputTokens(Limit));
        await ShouldHaveCostAsync(site, Acme.ChatCost().Times(4) + followUp + Acme.EmbeddingCost(Input));
    }

    private static async Task ChatAsync(ChatClient chat)
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = (int)Limit };
        ChatCompletion plain = await chat.CompleteChatAsync([new UserChatMessage(Acme.Prompt)], options);
        plain.Usage.InputTokenCount.Should().Be((int)SandboxUsage.InputTokens(Acme.Prompt));
        var text = new StringBuilder();
        await foreach (var update in chat.CompleteChatStreamingAsync([new UserChatMessage(Acme.Prompt)], options))
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        text.ToString().Should().Be(plain.Content[0].Text);
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
        ResponseResult? streamed = null;
        await using var updates = await responses.CreateResponseStreamingAsync(Options(isStreamed: true));
        await foreach (var update in updates)
            streamed = (update as StreamingResponseCompletedUpdate)?.Response ?? streamed;
        streamed!.GetOutputText().Should().Be(plain.GetOutputText());
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
