using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Spendra.Gateway.Tests;

/// <summary>The protocol's own client, changed only in address and key.</summary>
public sealed class McpClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_official_client_lists_and_calls_and_reads_a_refusal()
    {
        await using var company = await Company.StartAsync(Tools.Rules(cap: "0.015", scope: "[finder/search]"));
        await using var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri(company.Gateway.BaseUrl, Tools.Path),
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {company.Secret("k1")}" },
        });
        await using (var client = await McpClient.CreateAsync(transport, cancellationToken: Cancel))
        {
            var tools = await client.ListToolsAsync(cancellationToken: Cancel);
            tools.Select(t => t.Name).Should().Equal("search");

            var done = await CallAsync(client);
            done.IsError.Should().NotBe(true);
            ((string?)done.Meta!["spendra/cost_usd"]).Should().Be("0.01");
            await company.SettledAsync();

            var refused = await CallAsync(client);
            refused.IsError.Should().BeTrue();
            refused.Content.OfType<TextContentBlock>().Single().Text.Should().Contain("'all'");

            var forbidden = () => client.CallToolAsync("translate", new Dictionary<string, object?>(), cancellationToken: Cancel).AsTask();
            (await forbidden.Should().ThrowAsync<ModelContextProtocol.McpException>()).Which.Message.Should().Contain("not in the scope");
        }
        company.Journal.ToolCalls.Should().Be(1);
        (await company.SettledAsync()).Settled.Should().Be(Tools.SearchNanos);
    }

    private static async Task<CallToolResult> CallAsync(McpClient client) =>
        await client.CallToolAsync("search", new Dictionary<string, object?> { ["query"] = "otters" }, cancellationToken: Cancel);
}
