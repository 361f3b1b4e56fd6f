using System.Text;
using System.Text.Json.Nodes;
using Spendra.Gateway.Tests.Batches;
using Spendra.Gateway.Tests.Claude;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests;

/// <summary>
/// A company with an account at every provider and an object of each kind, whose cap is zero: whatever costs or reaches a
/// provider must be refused. Makes the requests of the census for it.
/// </summary>
internal sealed class ClosedCompany : IAsyncDisposable
{
    private readonly Dictionary<string, string> _names;
    private readonly long _before;

    private ClosedCompany(Company company, Dictionary<string, string> names)
    {
        Company = company;
        _names = names;
        _before = company.Journal.Count;
    }

    public Company Company { get; }

    /// <summary>What reached a provider since the cap is zero.</summary>
    public long Calls => Company.Journal.Count - _before;

    public static async Task<ClosedCompany> StartAsync()
    {
        var tools = Tools.Rules();
        var formats = Formats.Rules();
        var rules = Elsewhere.Of(GeminiBodies.Of(ClaudeRules.Of(formats with { Prices = [.. formats.Prices, .. Batched.Prices], Accounts = [.. formats.Accounts, .. tools.Accounts], Keys = tools.Keys })));
        var company = await Company.StartAsync(rules, provider: Formats.Provider);
        var names = new Dictionary<string, string>
        {
            [RouteCensusTests.File] = IdOf(await Uploads.SendAsync(company, "a.txt", "text")),
            [RouteCensusTests.Response] = IdOf(await company.PostAsync("responses", Bodies.Response())),
            [RouteCensusTests.AzureResponse] = IdOf(await company.PostAsync("/openai/v1/responses", Bodies.Response(model: Formats.Deployment))),
            [RouteCensusTests.Batch] = await Batched.MakeAsync(company),
            [RouteCensusTests.Deployment] = Formats.Deployment,
            [RouteCensusTests.Claude] = ClaudeRules.Model,
            [RouteCensusTests.Server] = Tools.Server,
            [MediaCensus.Deployment] = Formats.MediaDeployment,
            ["{model}"] = "g1",
        };
        await company.SettledAsync();
        await company.ApplyAsync(rules with { Cap = "0" });
        return new ClosedCompany(company, names);
    }

    /// <summary>The request of a row, well-formed and for what exists; streamed where its format can be told so.</summary>
    public HttpRequestMessage Request(RouteCensusTests.CensusRow row, bool isStreamed = false) => new(new HttpMethod(row.Method), Filled(row.Path))
    {
        Content = row switch
        {
            { IsUpload: true } => Uploads.Form("b.txt", "text"),
            { Media: { } media } => (isStreamed ? Streamed(media) : media).Content(),
            { Body: { } body } => GatewayHarness.Json(Filled(isStreamed ? Streamed(body) : body)),
            _ => null,
        },
    };

    /// <summary>The same with a body that is none of any format.</summary>
    public HttpRequestMessage Garbled(RouteCensusTests.CensusRow row) => new(new HttpMethod(row.Method), Filled(row.Path))
    {
        Content = row.Media is { IsForm: true } ? new StringContent("--x\r\n", Encoding.UTF8, "multipart/form-data") : GatewayHarness.Json("{\"model\""),
    };

    /// <summary>The same for an object that nobody has.</summary>
    public HttpRequestMessage ForNobodys(RouteCensusTests.CensusRow row)
    {
        var request = Request(row);
        var path = row.Path;
        foreach (var name in ObjectNames) path = path.Replace(name, "nobodys-1");
        request.RequestUri = new Uri(Filled(path), UriKind.Relative);
        return request;
    }

    public static bool NamesObject(RouteCensusTests.CensusRow row) => ObjectNames.Any(row.Path.Contains);

    /// <summary>Whether the body says if the answer shall be a stream.</summary>
    public static bool CanStream(RouteCensusTests.CensusRow row) =>
        row.Path.EndsWith("/chat/completions") || row.Path.EndsWith("/responses") || row.Path.EndsWith("/messages")
        || row.Path.EndsWith("/images/generations") || row.Path.EndsWith("/images/edits") || row.Path.EndsWith("/audio/transcriptions");

    public ValueTask DisposeAsync() => Company.DisposeAsync();

    private static readonly string[] ObjectNames = [RouteCensusTests.File, RouteCensusTests.Response, RouteCensusTests.AzureResponse, RouteCensusTests.Batch];

    private string Filled(string text) => _names.Aggregate(text, (filled, name) => filled.Replace(name.Key, name.Value));

    private static string Streamed(string body)
    {
        var json = JsonNode.Parse(body)!.AsObject();
        json["stream"] = true;
        return json.ToJsonString();
    }

    private static MediaCall Streamed(MediaCall media) => media.IsForm
        ? media with { Fields = [.. media.Fields, ("stream", "true")] }
        : media with { Json = Streamed(media.Json) };

    private static string IdOf(Answer answer) => (string)answer.ShouldBe(200).Json["id"]!;
}
