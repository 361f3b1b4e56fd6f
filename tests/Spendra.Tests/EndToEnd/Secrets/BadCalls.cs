using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>Calls that are refused for what is wrong in them, and in which canaries stand all the same.</summary>
internal sealed class BadCalls(string odd)
{
    private const string Start = $$"""{"model":"{{CanaryCompany.Model}}","max_tokens":16,""";
    private const string Said = $$"""[{"role":"user","content":"{{Canaries.Prompt}}"}]""";

    // Each after the beginning of a body whose messages are in order, or instead of them.
    private string[] ChatMembers =>
    [
        $"\"model\":\"{odd}\"", $"\"stream\":\"{odd}\"", $"\"n\":\"{odd}\"", $"\"service_tier\":\"{odd}\"", $"\"tool_choice\":\"{odd}\"",
        $"\"tools\":\"{odd}\"", $"\"tools\":[{{\"type\":\"{odd}\"}}]", $"\"web_search_options\":\"{odd}\"", $"\"prediction\":\"{odd}\"",
        $"\"modalities\":[\"{odd}\"]", $"\"modalities\":\"{odd}\"", $"\"audio\":{{\"voice\":\"{odd}\"}}", $"\"metadata\":{{\"{odd}\":\"{odd}\"}}",
        $"\"store\":\"{odd}\"", $"\"user\":\"{odd}\"", $"\"reasoning_effort\":\"{odd}\"", $"\"stream_options\":\"{odd}\"", $"\"prompt_cache_retention\":\"{odd}\"",
        $"\"response_format\":\"{odd}\"", $"\"plugins\":[{{\"id\":\"{odd}\"}}]", $"\"models\":[\"{odd}\"]", $"\"provider\":{{\"order\":[\"{odd}\"]}}",
        $"\"max_completion_tokens\":\"{odd}\"", $"\"functions\":\"{odd}\"", $"\"background\":\"{odd}\"", $"\"{odd}\":1",
    ];

    private string[] ChatMessages =>
    [
        $"\"{odd}\"", $"[\"{odd}\"]", $"[{{\"role\":\"{odd}\",\"content\":\"x\"}}]", $"[{{\"role\":\"user\",\"content\":[{{\"type\":\"{odd}\"}}]}}]",
        $"[{{\"role\":\"user\",\"content\":[{{\"type\":\"image_url\",\"image_url\":{{\"url\":\"https://{odd}.example/\"}}}}]}}]",
        $"[{{\"role\":\"user\",\"content\":[{{\"type\":\"image_url\",\"image_url\":{{\"url\":\"data:{odd};base64,{odd}\",\"detail\":\"{odd}\"}}}}]}}]",
        $"[{{\"role\":\"user\",\"content\":[{{\"type\":\"file\",\"file\":{{\"file_id\":\"{odd}\"}}}}]}}]",
        $"[{{\"role\":\"user\",\"content\":[{{\"type\":\"input_audio\",\"input_audio\":{{\"data\":\"{odd}\",\"format\":\"{odd}\"}}}}]}}]",
    ];

    private string[] ResponseMembers =>
    [
        $"\"previous_response_id\":\"{odd}\"", $"\"conversation\":\"{odd}\"", $"\"prompt\":{{\"id\":\"{odd}\"}}", $"\"include\":[\"{odd}\"]", $"\"truncation\":\"{odd}\"",
        $"\"tools\":[{{\"type\":\"mcp\",\"server_label\":\"x\",\"server_url\":\"https://x.example/\",\"authorization\":\"{Canaries.ToolHeader}\",\"headers\":{{\"x-key\":\"{Canaries.ToolHeader}\"}}}}]",
        $"\"tools\":[{{\"type\":\"file_search\",\"vector_store_ids\":[\"{odd}\"]}}]", $"\"tools\":[{{\"type\":\"code_interpreter\",\"container\":\"{odd}\"}}]",
        $"\"tools\":[{{\"type\":\"web_search\",\"search_context_size\":\"{odd}\"}}]", $"\"tools\":[{{\"type\":\"image_generation\",\"model\":\"{odd}\"}}]",
        $"\"max_tool_calls\":\"{odd}\"", $"\"input\":[{{\"type\":\"{odd}\"}}]", $"\"input\":[{{\"type\":\"item_reference\",\"id\":\"{odd}\"}}]",
    ];

    private string[] MessageMembers =>
    [
        $"\"mcp_servers\":[{{\"type\":\"url\",\"url\":\"https://x.example/\",\"name\":\"x\",\"authorization_token\":\"{Canaries.ToolHeader}\"}}]",
        $"\"tools\":[{{\"type\":\"{odd}\",\"name\":\"x\"}}]", $"\"container\":\"{odd}\"", $"\"thinking\":{{\"type\":\"{odd}\"}}", $"\"service_tier\":\"{odd}\"",
        $"\"system\":[{{\"type\":\"{odd}\"}}]", $"\"speed\":\"{odd}\"", $"\"inference_geo\":\"{odd}\"", $"\"cache_control\":\"{odd}\"",
    ];

    private string[] ContentMembers =>
    [
        $"\"cachedContent\":\"{odd}\"", $"\"tools\":[{{\"{odd}\":{{}}}}]", $"\"serviceTier\":\"{odd}\"", $"\"generationConfig\":{{\"responseModalities\":[\"{odd}\"]}}",
        $"\"generationConfig\":\"{odd}\"", $"\"systemInstruction\":{{\"parts\":[{{\"fileData\":{{\"fileUri\":\"https://{odd}.example/\",\"mimeType\":\"{odd}\"}}}}]}}",
        $"\"generationConfig\":{{\"maxOutputTokens\":\"{odd}\"}}",
    ];

    public IEnumerable<CanaryCall> All() =>
    [
        .. ChatMembers.SelectMany(member => new[] { CanaryCalls.Chat, "/v1/providers/openrouter/chat/completions", "/openai/v1/chat/completions" },
            (member, path) => CanaryCall.Json(path, $"{Start}\"messages\":{Said},{member}}}")),
        .. ChatMessages.Select(messages => CanaryCall.Json(CanaryCalls.Chat, $"{Start}\"messages\":{messages}}}")),
        .. ResponseMembers.Select(member => CanaryCall.Json(CanaryCalls.Responses, $$"""{"model":"{{CanaryCompany.Model}}","max_output_tokens":16,"instructions":"{{Canaries.Prompt}}",{{member}}}""")),
        .. MessageMembers.Select(member => CanaryCall.Json(CanaryCalls.Messages, $$"""{"model":"claude-a","max_tokens":16,"messages":{{Said}},{{member}}}""")),
        .. ContentMembers.Select(member => CanaryCall.Json(CanaryCalls.Contents, $$$"""{"contents":[{"parts":[{"text":"{{{Canaries.Prompt}}}"}]}],{{{member}}}}""")),
        .. Broken(), .. Unfinished(), .. Forms(), .. Tools(),
        CanaryCall.Get($"/api/v1/organizations/acme/teams?search={Uri.EscapeDataString(odd)}"), CanaryCall.Json("/api/v1/organizations/acme/teams", Canaries.Prompt),
    ];

    /// <summary>Requests that are no HTTP: what a server says of them must not repeat them.</summary>
    public static async Task<List<string>> SendNoHttpAsync(Uri url, string key)
    {
        string[] requests =
        [
            $"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\0\r\n\r\n",
            $"GET /v1/models HTTP/1.1\r\nHost: x\r\nx-api-key {key}\r\n\r\n",
            $"GET /v1beta/models?key={key} HTTP/9.9\r\nHost: x\r\n\r\n",
            $"GET /v1beta/models?key={key}\u0001 HTTP/1.1\r\nHost: x\r\n\r\n",
            $"POST {CanaryCalls.Chat} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nTransfer-Encoding: chunked\r\n\r\n{Canaries.Prompt}\r\n",
            $"POST {CanaryCalls.Chat} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {Canaries.Prompt}\r\n\r\n",
        ];
        var answers = new List<string>();
        foreach (var request in requests)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(url.Host, url.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            client.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            answers.Add(await reader.ReadToEndAsync());
        }
        return answers;
    }

    private IEnumerable<CanaryCall> Broken() =>
    [
        // A member twice, a body that is none, and one that says it is compressed.
        CanaryCall.Json(CanaryCalls.Chat, $"{Start}\"model\":\"{CanaryCompany.Model}\",\"messages\":{Said}}}"),
        CanaryCall.Json(CanaryCalls.Chat, Canaries.Prompt), CanaryCall.Json(CanaryCalls.Chat, $"\"{Canaries.Prompt}\""), CanaryCall.Json(CanaryCalls.Chat, $"[\"{Canaries.Prompt}\"]"),
        CanaryCall.Json(CanaryCalls.Chat, $"{Start}\"messages\":[{{\"role\":\"user\",\"content\":\"{Canaries.Prompt} \\ud800\"}}]}}"),
        new(CanaryCalls.Chat, () => Typed($"{Start}\"messages\":{Said}}}", "text/x; note=" + odd[..20])),
        new(CanaryCalls.Chat, () => Typed($"{Start}\"messages\":{Said}}}", "application/json", "gzip")),
        CanaryCall.Json("/openai/v1/chat/completions", $"{{\"model\":\"{CanaryCompany.RefusedDeployment}\",\"max_tokens\":16,\"messages\":{Said}}}"),
        CanaryCall.Json("/v1/unheard-of", Canaries.Prompt), CanaryCall.Json("/v1beta/unheard-of", Canaries.Prompt), CanaryCall.Json("/openai/unheard-of", Canaries.Prompt),
        CanaryCall.Json(CanaryCalls.Chat, $"{Start}\"messages\":{Said}}}") with { Headers = [("Cookie", $"session={odd}"), ("idempotency-key", odd[..20]), ("x-spendra-note", odd)] },
        CanaryCall.Json(CanaryCalls.Chat, $"{Start}\"messages\":[]}}") with { Headers = [("idempotency-key", odd[..20])] },
        CanaryCall.Json(CanaryCalls.Chat, $"{Start}\"messages\":{Said}}}") with { Headers = [("idempotency-key", string.Concat(Enumerable.Repeat(odd, 20)))] },
    ];

    private static IEnumerable<CanaryCall> Unfinished() =>
        from body in new[] { $$"""{"text":"{{Canaries.Prompt}}""", $$"""{"model":"{{Canaries.Prompt}}""", $$"""{"messages":[{"content":"{{Canaries.Prompt}}" "}]}""" }
        from path in new[]
        {
            CanaryCalls.Chat, CanaryCalls.Responses, CanaryCalls.Messages, CanaryCalls.Contents, CanaryCalls.Tools, CanaryCalls.ToolCalls,
            "/v1/embeddings", "/v1/images/generations", "/v1/audio/speech", "/v1/moderations", "/v1/batches",
        }
        select CanaryCall.Json(path, body);

    private IEnumerable<CanaryCall> Forms()
    {
        var picture = Encoding.UTF8.GetBytes(Canaries.Picture);
        foreach (var path in new[] { "/v1/images/edits", "/v1/audio/transcriptions", "/v1/files" })
        {
            yield return CanaryCall.Json(path, Canaries.Picture);
            yield return new(path, () => Typed(Canaries.Picture, "multipart/form-data"));
            yield return new(path, () => Typed($"--x\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n{Canaries.Picture}", "multipart/form-data; boundary=x"));
            yield return new(path, () => Typed($"--x\r\nContent-Disposition: {odd}\r\n\r\n{Canaries.Picture}\r\n--x--\r\n", "multipart/form-data; boundary=x"));
            yield return CanaryCall.Form(path, [("model", CanaryCompany.Model), ("model", CanaryCompany.Model), ("prompt", odd)], "file", picture);
            yield return CanaryCall.Form(path, [("model", "whisper-1"), ("response_format", odd), ("language", odd), ("size", odd), ("quality", odd), ("n", odd), ("purpose", odd)], "file", picture);
        }
    }

    private IEnumerable<CanaryCall> Tools() =>
    [
        CanaryCall.Json(CanaryCalls.ToolCalls, $$"""{"server":"finder","tool":"search","arguments":"{{Canaries.Argument}}"}"""),
        CanaryCall.Json(CanaryCalls.ToolCalls, $$$"""{"server":"nowhere","tool":"search","arguments":{"query":"{{{Canaries.Argument}}}"}}"""),
        CanaryCall.Json(CanaryCalls.ToolCalls, $$$"""{"server":"finder","tool":"send_mail","arguments":{"query":"{{{Canaries.Argument}}}"}}"""),
        CanaryCall.Json(CanaryCalls.Tools, $$"""{"jsonrpc":"2.0","id":"{{odd}}","method":"tools/call","params":"{{odd}}"}"""),
        CanaryCall.Json(CanaryCalls.Tools, $$"""{"jsonrpc":"{{odd}}","id":1,"method":"tools/call"}"""),
        CanaryCall.Json(CanaryCalls.Tools, $$$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_mail","arguments":{"query":"{{{{Canaries.Argument}}}}"}}}"""),
        CanaryCall.Json(CanaryCalls.Tools, $$$$"""[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"{{{{Canaries.Argument}}}}"}}}]"""),
        CanaryCall.Json(CanaryCalls.Tools, $$$"""{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"{{{odd}}}"}}"""),
    ];

    private static ByteArrayContent Typed(string text, string type, string? encoding = null)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return content;
    }
}
