using System.Text;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Anthropic.Models.Models;

namespace Spendra.Sandbox.Tests;

/// <summary>The official client accepts every shape, and checks each answer against the types it knows.</summary>
public sealed class AnthropicClientTests : IAsyncLifetime
{
    private static readonly ToolUnion s_search = new WebSearchTool20250305();
    private static readonly ToolUnion s_fetch = new WebFetchTool20250910();
    private static readonly ToolUnion s_weather = new Tool { Name = "get_weather", InputSchema = new InputSchema() };
    private SandboxServer _server = null!;
    private AnthropicClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await SandboxServer.StartAsync(new SandboxOptions(), Provider.Token);
        _client = new AnthropicClient(new ClientOptions
        {
            BaseUrl = _server.Root.ToString(),
            ApiKey = "sk-test",
            MaxRetries = 0,
            ResponseValidation = true,
        });
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Message_is_understood_with_all_its_blocks_and_its_usage()
    {
        const string knobs = "[[sandbox cached_tokens=5 cache_write_1h_tokens=3 thinking_tokens=2 web_searches=1 web_fetches=1 tool_calls=1]]";

        var message = await _client.Messages.Create(Call(knobs, s_search, s_fetch, s_weather), Provider.Token);

        message.StopReason!.Value().Should().Be(StopReason.ToolUse);
        message.Content.Count(block => block.TryPickThinking(out _)).Should().Be(1);
        message.Content.Count(block => block.TryPickServerToolUse(out _)).Should().Be(2);
        message.Content.Count(block => block.TryPickWebSearchToolResult(out _)).Should().Be(1);
        message.Content.Count(block => block.TryPickWebFetchToolResult(out _)).Should().Be(1);
        message.Content.Count(block => block.TryPickText(out _)).Should().Be(1);
        message.Content.Count(block => block.TryPickToolUse(out _)).Should().Be(1);
        var usage = message.Usage;
        usage.InputTokens.Should().Be(SandboxUsage.InputTokens(knobs) - 8 + (2 * SandboxUsage.TokensPerToolResult));
        usage.CacheReadInputTokens.Should().Be(5);
        usage.CacheCreation!.Ephemeral1hInputTokens.Should().Be(3);
        usage.OutputTokens.Should().Be(16);
        usage.OutputTokensDetails!.ThinkingTokens.Should().Be(2);
        usage.ServerToolUse!.WebSearchRequests.Should().Be(1);
    }

    [Fact]
    public async Task Streamed_message_is_understood_event_by_event()
    {
        const string knobs = "[[sandbox thinking_tokens=2 web_searches=1 tool_calls=1]]";
        var text = new StringBuilder();
        MessageDeltaUsage? usage = null;
        var stopped = false;

        await foreach (var item in _client.Messages.CreateStreaming(Call(knobs, s_search, s_weather), Provider.Token))
        {
            item.Validate();
            if (item.TryPickContentBlockDelta(out var block) && block.Delta.TryPickText(out var delta))
                text.Append(delta.Text);
            if (item.TryPickDelta(out var end))
                usage = end.Usage;
            stopped = item.TryPickStop(out _);
        }

        text.ToString().Split(' ').Should().HaveCount(16);
        usage!.OutputTokens.Should().Be(16);
        usage.InputTokens.Should().Be(SandboxUsage.InputTokens(knobs) + SandboxUsage.TokensPerToolResult);
        stopped.Should().BeTrue();
    }

    [Fact]
    public async Task Count_of_tokens_is_understood()
    {
        var count = await _client.Messages.CountTokens(
            new MessageCountTokensParams { Model = "claude-sonnet-5-5", Messages = [new UserMessageParam("Hello")] }, Provider.Token);

        count.InputTokens.Should().Be(SandboxUsage.InputTokens("Hello"));
    }

    [Fact]
    public async Task Models_are_understood()
    {
        var page = await _client.Models.List(new ModelListParams(), Provider.Token);

        page.Items.Select(model => model.ID).Should().Contain("claude-sonnet-5-5");
    }

    [Fact]
    public async Task Error_reaches_the_caller_with_its_status()
    {
        var creating = async () => await _client.Messages.Create(Call("[[sandbox status=529]]"), Provider.Token);

        var error = (await creating.Should().ThrowAsync<AnthropicApiException>()).Which;
        ((int)error.StatusCode).Should().Be(529);
        error.Message.Should().Contain("overloaded_error");
    }

    private static MessageCreateParams Call(string text, params ToolUnion[] tools) => new()
    {
        Model = "claude-sonnet-5-5",
        MaxTokens = 64,
        Messages = [new UserMessageParam(text)],
        Tools = tools,
    };
}
