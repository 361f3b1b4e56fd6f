using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Spendra.Control.Tests.Catalog;

/// <summary>A real server with documents of prices.</summary>
internal sealed class Shelf : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;

    private Shelf(WebApplication app) => _app = app;

    public Uri Url { get; private set; } = null!;

    /// <summary>Requests that came in.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<Shelf> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var shelf = new Shelf(app);
        app.Run(async context =>
        {
            Interlocked.Increment(ref shelf._asked);
            await answer(context);
        });
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        shelf.Url = new Uri($"{address}/prices");
        return shelf;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
