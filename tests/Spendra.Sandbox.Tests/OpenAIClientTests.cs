using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Files;
using OpenAI.Models;
using OpenAI.Responses;

namespace Spendra.Sandbox.Tests;

/// <summary>The official client accepts every shape: what it parses here it parses from the real provider.</summary>
public sealed class OpenAIClientTests : IAsyncLifetime
{
    private const string Model = "gpt-5.6-luna";
    private static readonly ApiKeyCredential s_key = new("sk-test");
    private SandboxServer _server = null!;

    private OpenAIClientOptions Options => new() { Endpoint = _server.BaseUrl, RetryPolicy = new ClientRetryPolicy(0) };

    public async ValueTask InitializeAsync() => _server = await SandboxServer.StartAsync(new SandboxOptions(), Provider.Token);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Chat_completion_is_understood()
    {
        var client = new ChatClient(Model, s_key, Options);

        ChatCompletion completion = await client.CompleteChatAsync(
            [new UserChatMessage("Hello")], new ChatCompletionOptions { MaxOutputTokenCount = 5 }, Provider.Token);

        completion.FinishReason.Should().Be(ChatFinishReason.Length);
        completion.Content[0].Text.Split(' ').Should().HaveCount(5);
        completion.Usage.InputTokenCount.Should().Be((int)SandboxUsage.InputTokens("Hello"));
        completion.Usage.OutputTokenCount.Should().Be(5);
    }

    [Fact]
    public async Task Streamed_chat_completion_is_understood_with_its_usage()
    {
        var client = new ChatClient(Model, s_key, Options);
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        ChatFinishReason? finish = null;

        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage("Hello")], cancellationToken: Provider.Token))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            usage = update.Usage ?? usage;
            finish = update.FinishReason ?? finish;
        }

        text.ToString().Split(' ').Should().HaveCount(16);
        finish.Should().Be(ChatFinishReason.Stop);
        usage!.TotalTokenCount.Should().Be(25);
    }

    [Fact]
    public async Task Response_is_understood_fetched_listed_and_deleted()
    {
        var client = new ResponsesClient(s_key, new ResponsesClientOptions { Endpoint = _server.BaseUrl });

        ResponseResult created = await client.CreateResponseAsync(Model, "Hello", cancellationToken: Provider.Token);
        ResponseResult next = await client.CreateResponseAsync(Model, "Hello", created.Id, Provider.Token);
        ResponseResult fetched = await client.GetResponseAsync(created.Id, Provider.Token);
        var items = new List<ResponseItem>();
        await foreach (var item in client.GetResponseInputItemsAsync(created.Id, cancellationToken: Provider.Token))
            items.Add(item);
        ResponseDeletionResult deleted = await client.DeleteResponseAsync(created.Id, Provider.Token);

        created.Status.Should().Be(ResponseStatus.Completed);
        created.GetOutputText().Split(' ').Should().HaveCount(16);
        created.Usage.InputTokenCount.Should().Be(9);
        next.Usage.InputTokenCount.Should().Be(9 + 25);
        fetched.GetOutputText().Should().Be(created.GetOutputText());
        items.Should().ContainSingle().Which.Should().BeAssignableTo<MessageResponseItem>().Which.Content[0].Text.Should().Be("Hello");
        deleted.Deleted.Should().BeTrue();
    }

    [Fact]
    public async Task Streamed_response_is_understood()
    {
        var client = new ResponsesClient(s_key, new ResponsesClientOptions { Endpoint = _server.BaseUrl });
        var text = new StringBuilder();
        ResponseResult? completed = null;
        var sequence = new List<int>();

        await using var updates = await client.CreateResponseStreamingAsync(Model, "Hello", cancellationToken: Provider.Token);
        await foreach (var update in updates)
        {
            sequence.Add(update.SequenceNumber);
            if (update is StreamingResponseOutputTextDeltaUpdate delta)
                text.Append(delta.Delta);
            if (update is StreamingResponseCompletedUpdate end)
                completed = end.Response;
        }

        sequence.Should().Equal(Enumerable.Range(0, sequence.Count));
        completed!.Usage.TotalTokenCount.Should().Be(25);
        completed.GetOutputText().Should().Be(text.ToString());
    }

    [Fact]
    public async Task Embeddings_are_understood()
    {
        var client = new EmbeddingClient("text-embedding-3-small", s_key, Options);

        OpenAIEmbeddingCollection embeddings = await client.GenerateEmbeddingsAsync(["one", "three"], cancellationToken: Provider.Token);

        embeddings.Should().HaveCount(2);
        embeddings[0].ToFloats().Length.Should().Be(1536);
        embeddings.Usage.InputTokenCount.Should().Be((int)SandboxUsage.EmbeddingTokens("one", "three"));
    }

    [Fact]
    public async Task Files_are_understood()
    {
        var client = new OpenAIFileClient(s_key, Options);
        var content = BinaryData.FromString("some text");

        OpenAIFile uploaded = await client.UploadFileAsync(content, "notes.txt", FileUploadPurpose.UserData);
        OpenAIFile fetched = await client.GetFileAsync(uploaded.Id, Provider.Token);
        OpenAIFileCollection listed = await client.GetFilesAsync(Provider.Token);
        BinaryData downloaded = await client.DownloadFileAsync(uploaded.Id, Provider.Token);
        FileDeletionResult deleted = await client.DeleteFileAsync(uploaded.Id, Provider.Token);

        fetched.Filename.Should().Be("notes.txt");
        fetched.SizeInBytesLong.Should().Be(9);
        listed.Should().ContainSingle().Which.Id.Should().Be(uploaded.Id);
        downloaded.ToString().Should().Be("some text");
        deleted.Deleted.Should().BeTrue();
    }

    [Fact]
    public async Task Models_are_understood()
    {
        var client = new OpenAIModelClient(s_key, Options);

        OpenAIModelCollection models = await client.GetModelsAsync(Provider.Token);

        models.Select(model => model.Id).Should().Contain(Model);
    }

    [Fact]
    public async Task Error_reaches_the_caller_with_its_status_and_code()
    {
        var client = new ChatClient(Model, s_key, Options);

        var completing = async () => await client.CompleteChatAsync("[[sandbox status=429]]");

        var error = (await completing.Should().ThrowAsync<ClientResultException>()).Which;
        error.Status.Should().Be(429);
        error.Message.Should().Contain("rate_limit_exceeded");
    }
}
