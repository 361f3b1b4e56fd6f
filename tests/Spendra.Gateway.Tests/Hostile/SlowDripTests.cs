namespace Spendra.Gateway.Tests.Hostile;

/// <summary>
/// A provider that is never silent for long and never done, at every surface: each answer is cut off before its reservation
/// ends, and booked at its bound.
/// </summary>
public sealed class SlowDripTests
{
    private const int LeastDrops = 10;

    // A short reservation leaves half of its time to the answer.
    private static readonly GatewayOptions Short = new() { ReservationSeconds = 12 };

    [Fact]
    public async Task What_drips_without_end_is_cut_off_and_told_at_every_surface() =>
        await DripAsync(HostileSurfaces.All, s => s.IsEvents ? ":\n\n" : " ", async (company, surface) =>
        {
            if (surface.IsEvents) (await surface.Call.BeginAsync(company)).ShouldBe(200, what: surface.Name).Text.Should().Contain("\"upstream_timeout\"", surface.Name);
            // Nothing can be told behind a part of a list, or of sound.
            else if (surface.IsStream) await FluentActions.Awaiting(() => surface.Call.SendAsync(company)).Should().ThrowAsync<HttpRequestException>(surface.Name);
            else surface.ShouldTell(await surface.Call.SendAsync(company), 504, "upstream_timeout");
        });

    [Fact]
    public async Task A_stream_that_drips_byte_by_byte_is_cut_off_and_breaks() =>
        await DripAsync([.. HostileSurfaces.All.Where(s => s.IsEvents)], _ => ":", async (company, surface) =>
            await FluentActions.Awaiting(() => surface.Call.SendAsync(company)).Should().ThrowAsync<HttpRequestException>(surface.Name));

    [Fact]
    public async Task Events_without_end_after_a_call_without_MCP_are_cut_off_and_told() =>
        await DripAsync([HostileSurfaces.OfPlainTool with { MediaType = "text/event-stream" }], _ => ":\n\n", async (company, surface) =>
            surface.ShouldTell(await surface.Call.SendAsync(company), 504, "upstream_timeout"));

    private static async Task DripAsync(HostileSurface[] surfaces, Func<HostileSurface, string> drop, Func<Company, HostileSurface, Task> sendAsync)
    {
        var drops = 0;
        await using var provider = ToolServer.Start((request, network) =>
        {
            var surface = surfaces.Length == 1 ? surfaces[0] : HostileSurfaces.Of(request);
            return BodyWriter.AnswerAsync(network, "200 OK", surface.MediaType, w => w.DripAsync(drop(surface), () => Interlocked.Increment(ref drops)));
        });
        await using var gateway = await GatewayHarness.StartAsync(options: Short);
        await using var company = await Company.StartAsync(HostileSurfaces.Rules(provider.BaseUrl), gateway: gateway);

        await Task.WhenAll(surfaces.Select(surface => sendAsync(company, surface.Named())));

        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(surfaces.Length);
        books.Paid.Where(e => e.ReservedNanos > 0).Should().HaveCount(surfaces.Count(s => !s.IsFree)).And.OnlyContain(e => e.CostNanos == e.ReservedNanos);
        // All of them had begun, and none was cut off for anything else than its time.
        drops.Should().BeGreaterThan(LeastDrops * surfaces.Length);
    }
}
