using System.ClientModel;
using System.Text;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Spendra.Tests.EndToEnd;

/// <summary>The same of the clients for .NET, also with the retries that they have when nobody sets any.</summary>
public sealed class TroubledDotNetClientTests
{
    private const string Chat = "openai-chat";
    private const string Responses = "openai-responses";
    private const string Claude = "anthropic";
    private const string Model = "m1";

    // Of a provider that tells an error: eight words.
    private const string Half = "Every budget holds because the ledger answers before";

    private static readonly string[] Clients = [Chat, Responses, Claude];

    [Fact]
    public async Task Every_client_for_DotNet_tells_of_a_refusal_at_once_and_of_a_stream_that_broke_off()
    {
        await using var site = await Site.CreateAsync(sandbox: Troubled.Provider);
        await site.ApplyAsync(Troubled.Declaration(site, Clients));
        var served = await site.ServeAsync();

        var seen = new Dictionary<string, Seen>
        {
            [Chat] = await LookAsync(OpenAi(site, served, Chat).GetChatClient(Model)),
            [Responses] = await LookAsync(OpenAi(site, served, Responses).GetResponsesClient()),
            [Claude] = await LookAsync(new AnthropicClient(new ClientOptions { BaseUrl = served.Url.ToString(), ApiKey = site.Keys[Claude] })),
        };

        await served.ShouldStopAsync();
        await site.ShouldVerifyAsync();
        var books = await KeyBooks.ReadAsync(site);
        foreach (var client in Clients)
        {
            var its = books.Of(client);
            Troubled.ShouldBeBooked(its, client);
            seen[client].Plain.Should().Be((Acme.Text, Troubled.InputTokens, Troubled.OutputTokens), client);
            ShouldBeRefusal(seen[client].Refusal, its.Refusals[0]);
            ShouldBeRefusal(seen[client].RefusedStream, its.Refusals[1]);
        }
        ShouldTellBreaks(seen, books);
        site.Sandbox.Journal.Count.Should().Be(Clients.Length * (1 + Troubled.Breaks.Count));
    }

    private static void ShouldBeRefusal(Exception? error, KeyBooks.Refused refusal)
    {
        error!.Message.Should().Contain(Troubled.MessageOf(refusal));
        if (error is AnthropicApiException claude)
        {
            claude.Should().BeOfType<AnthropicPaymentRequiredException>();
            claude.RequestID.Should().Be(refusal.RequestId.ToString());
            claude.Message.Should().Contain("\"code\":\"budget_exceeded\"");
            return;
        }
        var openAi = error.Should().BeOfType<ClientResultException>().Subject;
        openAi.Status.Should().Be(402);
        openAi.Message.Should().StartWith("HTTP 402 (insufficient_quota: budget_exceeded)");
        openAi.GetRawResponse()!.Headers.TryGetValue("x-request-id", out var id).Should().BeTrue();
        id.Should().Be(refusal.RequestId.ToString());
    }

    private static void ShouldTellBreaks(Dictionary<string, Seen> seen, KeyBooks books)
    {
        foreach (var client in Clients)
        {
            var (text, error) = seen[client].Broken["between"];
            text.Should().StartWith("Every budget").And.NotBe(Acme.Text);
            error.Should().NotBeNull($"{client} must not take a part for the whole");
            seen[client].Broken["inside"].Error.Should().BeOfType<IOException>(client);
            seen[client].Broken["told"].Text.Should().StartWith(Half);
        }
        // OpenAI's client reads over an error in a chat: the connection that breaks after it is what it tells.
        seen[Chat].Broken["between"].Error.Should().BeOfType<IOException>();
        var (heard, broken) = seen[Responses].Broken["between"];
        heard.Should().EndWith($"<error upstream_failed {IdOf(books.Of(Responses))}>");
        broken.Should().BeOfType<IOException>();
        seen[Claude].Broken["between"].Error.Should().BeOfType<AnthropicSseException>().Which.Message.Should().Contain(IdOf(books.Of(Claude)));

        // What the provider says itself passes as it is. OpenAI's client reads over that too, and its program must see that
        // no reason came why the answer ended.
        seen[Chat].Broken["told"].Should().Be((Half, null));
        seen[Responses].Broken["told"].Text.Should().StartWith(Half + "<error server_error ").And.EndWith("<failed>");
        seen[Claude].Broken["told"].Error.Should().BeOfType<AnthropicSseException>().Which.Message.Should().Contain("overloaded_error");
    }

    /// <summary>Of the first stream that broke off.</summary>
    private static string IdOf(KeyBooks books) => $"(request {books.Events[1].ReservationId})";

    private static OpenAIClient OpenAi(Site site, ServedProcess served, string name) =>
        new(new ApiKeyCredential(site.Keys[name]), new OpenAIClientOptions { Endpoint = new Uri(served.Url, "/v1") });

    private static Task<Seen> LookAsync(ChatClient client)
    {
        static ChatCompletionOptions Options(int limit) => new() { MaxOutputTokenCount = limit };
        return Seen.OfAsync(
            async limit =>
            {
                ChatCompletion answer = await client.CompleteChatAsync([new UserChatMessage(Acme.Prompt)], Options(limit));
                return (answer.Content[0].Text, answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount);
            },
            async (prompt, limit, text) =>
            {
                await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage(prompt)], Options(limit)))
                {
                    text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
                    if (update.FinishReason is { } reason) text.Append($"<{reason}>");
                }
            });
    }

    private static Task<Seen> LookAsync(ResponsesClient client)
    {
        static CreateResponseOptions Options(string prompt, int limit, bool isStreamed) =>
            new(Model, [ResponseItem.CreateUserMessageItem(prompt)]) { MaxOutputTokenCount = limit, StreamingEnabled = isStreamed };
        return Seen.OfAsync(
            async limit =>
            {
                ResponseResult answer = await client.CreateResponseAsync(Options(Acme.Prompt, limit, isStreamed: false));
                return (answer.GetOutputText(), answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount);
            },
            async (prompt, limit, text) =>
            {
                await using var updates = await client.CreateResponseStreamingAsync(Options(prompt, limit, isStreamed: true));
                await foreach (var update in updates)
                {
                    text.Append(update switch
                    {
                        StreamingResponseOutputTextDeltaUpdate delta => delta.Delta,
                        StreamingResponseErrorUpdate error => $"<error {error.Code} {error.Message[Math.Max(0, error.Message.LastIndexOf('('))..]}>",
                        StreamingResponseFailedUpdate => "<failed>",
                        _ => "",
                    });
                }
            });
    }

    private static Task<Seen> LookAsync(AnthropicClient client)
    {
        static MessageCreateParams Call(string prompt, int limit) => new() { Model = Model, MaxTokens = limit, Messages = [new UserMessageParam(prompt)] };
        return Seen.OfAsync(
            async limit =>
            {
                var answer = await client.Messages.Create(Call(Acme.Prompt, limit));
                return (answer.Content[0].TryPickText(out var block) ? block.Text : "", answer.Usage.InputTokens, answer.Usage.OutputTokens);
            },
            async (prompt, limit, text) =>
            {
                await foreach (var item in client.Messages.CreateStreaming(Call(prompt, limit)))
                {
                    if (item.TryPickContentBlockDelta(out var block) && block.Delta.TryPickText(out var delta)) text.Append(delta.Text);
                }
            });
    }

    /// <summary>What a program sees of its client.</summary>
    private sealed record Seen(
        (string Text, long Input, long Output) Plain, Exception? Refusal, Exception? RefusedStream, Dictionary<string, (string Text, Exception? Error)> Broken)
    {
        /// <param name="plain">A call with a limit of output.</param>
        /// <param name="stream">A stream with a prompt and a limit, and where its text goes.</param>
        public static async Task<Seen> OfAsync(
            Func<int, Task<(string Text, long Input, long Output)>> plain, Func<string, int, StringBuilder, Task> stream)
        {
            var seen = new Seen(
                await plain(Troubled.Limit),
                await CaughtAsync(() => plain(Troubled.TooMuch)),
                await CaughtAsync(() => stream(Acme.Prompt, Troubled.TooMuch, new StringBuilder())),
                []);
            foreach (var (kind, knobs) in Troubled.Breaks)
            {
                var text = new StringBuilder();
                var error = await CaughtAsync(() => stream($"{Acme.Prompt} [[sandbox {knobs}]]", Troubled.Limit, text));
                seen.Broken[kind] = (text.ToString(), error);
            }
            return seen;
        }

        private static async Task<Exception?> CaughtAsync(Func<Task> act)
        {
            try
            {
                await act();
                return null;
            }
            catch (Exception e)
            {
                return e;
            }
        }
    }
}
