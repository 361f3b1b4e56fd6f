using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Spendra.Gateway.Tests.Batches;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests;

/// <summary>What the OpenAPI document says of bodies, answers and pages is what the gateway takes and gives.</summary>
public sealed class DocumentContentTests
{
    private const string Json = "application/json";
    private const string Form = "multipart/form-data";

    private static RouteCensusTests.CensusRow[] WithBody => [.. RouteCensusTests.Governed.Where(row => row.Body is not null || row.Media is not null || row.IsUpload)];

    [Fact]
    public async Task Every_body_that_the_gateway_takes_fits_what_is_said_of_it()
    {
        var document = await Document.ReadAsync();

        foreach (var row in WithBody)
        {
            var what = $"{row.Method} {row.Path}";
            var (type, members) = Sent(row);
            var content = document.Of(row)["requestBody"]!["content"]!.AsObject();
            content.Select(c => c.Key).Should().Equal([type], what);
            var schema = document.Follow(content[type]!["schema"]!);
            schema["required"]?.AsArray().Select(name => (string)name!).Should().BeSubsetOf(members.Keys, what);
            foreach (var (name, kind) in members)
            {
                if (schema["properties"]?[name] is { } property) KindsOf(property).Should().Contain(kind, $"{what} {name}");
            }
        }
    }

    [Fact]
    public async Task A_form_or_a_model_is_asked_for_only_where_it_is_taken()
    {
        var document = await Document.ReadAsync();

        foreach (var row in WithBody)
        {
            var schema = document.Follow(document.Of(row)["requestBody"]!["content"]!.AsObject().Single().Value!["schema"]!);
            var named = schema["properties"]!.AsObject().Select(p => p.Key).ToList();
            named.Contains("model").Should().Be(TakesModel(row), row.Path);
            if (row.Media is { IsForm: true } form) named.Should().Contain(form.Files.Select(f => f.Field.Replace("[]", "")), row.Path);
            if (row.Path.EndsWith("/batches")) named.Should().BeEquivalentTo(["input_file_id", "endpoint", "completion_window"]);
        }
    }

    public static TheoryData<string, string> Answered => new()
    {
        { "audio/speech", "" }, { "audio/transcriptions", "" }, { "audio/transcriptions", "text" }, { "audio/translations", "" }, { "audio/translations", "text" },
        { "images/generations", "" }, { "images/edits", "" }, { "moderations", "" }, { "batches", "" }, { "batches", "list" }, { "tool-calls", "" },
        { "chat/completions", "" }, { "chat/completions", "stream" }, { "files", "" },
    };

    [Theory]
    [MemberData(nameof(Answered))]
    public async Task Every_answer_is_of_a_type_that_is_said(string path, string how)
    {
        var document = await Document.ReadAsync();
        await using var company = await Company.StartAsync(Batched.Rules with { Accounts = Tools.Rules().Accounts, Keys = Tools.Rules().Keys });
        using var client = company.Client();

        using var response = await client.SendAsync(await RequestAsync(company, path, how), TestContext.Current.CancellationToken);

        ((int)response.StatusCode).Should().Be(200);
        var operation = document.Root["paths"]![$"/v1/{path}"]![how == "list" ? "get" : "post"]!;
        var types = document.Follow(operation["responses"]!["200"]!)["content"]!.AsObject().Select(c => c.Key).ToList();
        var given = response.Content.Headers.ContentType!.MediaType!;
        types.Any(type => type == given || type.EndsWith("/*") && given.StartsWith(type[..^1])).Should().BeTrue($"{given} is not among {string.Join(", ", types)}");
    }

    [Theory]
    [InlineData("/v1/batches", "", "limit", "after")]
    [InlineData("/v1/providers/openai/batches", "", "limit", "after")]
    [InlineData("/v1/files", "", "limit", "after", "order", "purpose")]
    [InlineData("/v1/providers/openai/files", "", "limit", "after", "order", "purpose")]
    [InlineData("/v1/models", "anthropic-version", "limit", "after_id", "before_id")]
    [InlineData("/v1/providers/anthropic/models", "", "limit", "after_id", "before_id")]
    [InlineData("/v1/providers/anthropic/v1/models", "", "limit", "after_id", "before_id")]
    [InlineData("/v1beta/models", "")]
    [InlineData("/v1/tools", "")]
    public async Task A_list_says_how_it_is_turned_over(string path, string header, params string[] names)
    {
        var document = await Document.ReadAsync();
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        if (header.Length > 0) client.DefaultRequestHeaders.Add(header, "2023-06-01");

        var queries = document.Root["paths"]![path]!["get"]!["parameters"]?.AsArray().Where(p => (string?)p!["in"] == "query").ToList() ?? [];

        queries.Select(p => (string)p!["name"]!).Should().BeEquivalentTo(names);
        if (names.Length == 0) return;
        var most = (int)queries.Single(p => (string)p!["name"]! == "limit")!["schema"]!["maximum"]!;
        (await Answer.OfAsync(client.GetAsync($"{path}?limit={most}", TestContext.Current.CancellationToken))).ShouldBe(200);
        (await Answer.OfAsync(client.GetAsync($"{path}?limit={most + 1}", TestContext.Current.CancellationToken))).Status.Should().Be(400);
    }

    /// <summary>The media type of a body of the census, and its members with the kinds of their values.</summary>
    private static (string Type, Dictionary<string, string> Members) Sent(RouteCensusTests.CensusRow row)
    {
        if (row.IsUpload) return (Form, new() { ["purpose"] = "string", ["file"] = "string" });
        if (row.Media is { IsForm: true } form)
            return (Form, form.Fields.Select(f => f.Name).Concat(form.Files.Select(f => f.Field.Replace("[]", ""))).ToDictionary(name => name, name => name is "image" ? "array" : "string"));
        var body = JsonNode.Parse(row.Media?.Json ?? row.Body!)!.AsObject();
        return (Json, body.ToDictionary(member => member.Key, member => KindOf(member.Value!)));
    }

    private static string KindOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "integer",
        _ => "boolean",
    };

    /// <summary>A property that names no type takes any.</summary>
    private static IEnumerable<string> KindsOf(JsonNode property) => property["type"] switch
    {
        JsonArray several => several.Select(kind => (string)kind!),
        JsonNode one => [(string)one!],
        null => ["object", "array", "string", "integer", "boolean"],
    };

    private static bool TakesModel(RouteCensusTests.CensusRow row) =>
        !row.IsUpload && !row.Path.EndsWith("/batches") && !row.Path.EndsWith("/tool-calls") && !row.Path.Contains("/mcp/") && !row.Path.Contains(":predict")
        && !Regex.IsMatch(row.Path, @":(\w*[gG]enerateContent|countTokens|\w*[eE]mbedContents?)$");

    private static async Task<HttpRequestMessage> RequestAsync(Company company, string path, string how)
    {
        var request = new HttpRequestMessage(how == "list" ? HttpMethod.Get : HttpMethod.Post, path);
        (string, string)[] format = how == "text" ? [("response_format", "text")] : [];
        request.Content = path switch
        {
            _ when how == "list" => null,
            "files" => Batched.Form("text"),
            "batches" => GatewayHarness.Json(Batched.Request(await Batched.UploadAsync(company, Batched.File([Batched.Body()])))),
            "tool-calls" => GatewayHarness.Json("""{"server":"finder","tool":"search"}"""),
            "chat/completions" => GatewayHarness.Json(Bodies.Chat(more: how == "stream" ? "\"max_tokens\":16,\"stream\":true" : "\"max_tokens\":16")),
            "audio/speech" => MediaCall.Speech().Content(),
            "images/generations" => MediaCall.Image().Content(),
            "images/edits" => MediaCall.Edit().Content(),
            "moderations" => MediaCall.Moderation().Content(),
            _ => MediaCall.Recording(path["audio/".Length..], more: format).Content(),
        };
        return request;
    }

    private sealed record Document(JsonNode Root, List<DocumentTests.Operation> Operations)
    {
        public static async Task<Document> ReadAsync()
        {
            var text = await DocumentTests.DocumentAsync(await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite));
            return new Document(JsonNode.Parse(text)!, DocumentTests.Operations(text));
        }

        public JsonNode Of(RouteCensusTests.CensusRow row)
        {
            var operation = Operations.First(o => o.Serves(row.Method, row.Path));
            return Root["paths"]![operation.Path]![operation.Method.ToLowerInvariant()]!;
        }

        public JsonNode Follow(JsonNode node) => (string?)node["$ref"] is { } reference ? DocumentTests.Resolve(Root, reference)! : node;
    }
}
