using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Spendra.Control.Catalog;

namespace Spendra.Control.Tests.Catalog;

/// <summary>Fetching documents, from a real server on this machine: an inside address.</summary>
public sealed class PriceFetcherTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_document_is_its_text()
    {
        await using var shelf = await Shelf.StartAsync(c => c.Response.WriteAsync("ä document"));
        using var fetcher = new PriceFetcher(allowInside: true);
        (await fetcher.FetchAsync(shelf.Url, Cancel)).Should().Be(new FetchedDocument("ä document", null));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(204)]
    public async Task Any_other_status_is_a_failure_and_no_redirect_is_followed(int status)
    {
        await using var target = await Shelf.StartAsync(c => c.Response.WriteAsync("secret"));
        await using var shelf = await Shelf.StartAsync(c =>
        {
            c.Response.StatusCode = status;
            c.Response.Headers.Location = target.Url.ToString();
            return Task.CompletedTask;
        });
        using var fetcher = new PriceFetcher(allowInside: true);
        (await fetcher.FetchAsync(shelf.Url, Cancel)).Failure.Should().Be($"the answer was HTTP {status}: expected 200; redirects are not followed");
        target.Asked.Should().Be(0);
    }

    [Fact]
    public async Task Plain_http_is_refused_before_anything_is_sent()
    {
        await using var shelf = await Shelf.StartAsync(c => c.Response.WriteAsync("x"));
        using var fetcher = new PriceFetcher(allowInside: false);
        (await fetcher.FetchAsync(shelf.Url, Cancel)).Failure.Should().StartWith("the address is not https");
        shelf.Asked.Should().Be(0);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_private_address_is_not_even_connected_to(string host)
    {
        using var listener = new TcpListener(IPAddress.IPv6Any, 0) { Server = { DualMode = true } };
        listener.Start();
        using var fetcher = new PriceFetcher(allowInside: false);
        var fetched = await fetcher.FetchAsync(new Uri($"https://{host}:{((IPEndPoint)listener.LocalEndpoint).Port}/"), Cancel);
        fetched.Failure.Should().Be("the address is private, which is not permitted here");
        listener.Pending().Should().BeFalse();
    }

    [Fact]
    public async Task A_document_without_end_is_cut_off()
    {
        await using var shelf = await Shelf.StartAsync(async c =>
        {
            var block = new byte[1 << 20];
            while (!c.RequestAborted.IsCancellationRequested) await c.Response.Body.WriteAsync(block, c.RequestAborted);
        });
        using var fetcher = new PriceFetcher(allowInside: true);
        (await fetcher.FetchAsync(shelf.Url, Cancel)).Failure.Should().StartWith("the document could not be fetched");
    }

    [Fact]
    public async Task A_document_that_does_not_come_is_given_up()
    {
        await using var shelf = await Shelf.StartAsync(c => Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        using var fetcher = new PriceFetcher(allowInside: true, TimeSpan.FromMilliseconds(200));
        (await fetcher.FetchAsync(shelf.Url, Cancel)).Failure.Should().Be("no whole answer within 0.2 seconds");
    }

    [Fact]
    public async Task What_is_not_text_is_a_failure()
    {
        await using var shelf = await Shelf.StartAsync(c => c.Response.Body.WriteAsync(new byte[] { 0xff, 0xfe, 0xfd }).AsTask());
        using var fetcher = new PriceFetcher(allowInside: true);
        (await fetcher.FetchAsync(shelf.Url, Cancel)).Failure.Should().Be("the answer is not UTF-8 text");
    }

    [Theory]
    [InlineData("https://prices.example/list", true)]
    [InlineData("http://prices.example", true)]
    [InlineData("ftp://prices.example", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("https://user:password@prices.example", false)]
    [InlineData("prices.example", false)]
    [InlineData("", false)]
    public void Only_plain_web_addresses_are_addresses(string text, bool isAddress) => PriceFetcher.IsAddress(text).Should().Be(isAddress);
}
