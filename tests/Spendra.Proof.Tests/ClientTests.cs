using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Spendra.Proof.Failover;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>Clients of a failover run before a gateway that refuses for ever: they come to an end, and say so.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private readonly Violations _violations = new(TextWriter.Null);
    private readonly ClientJournal _journal = new("clients");
    private readonly TaskCompletionSource _wasCalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _gateway = null!;
    private (int Status, string Code) _answer;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _gateway = builder.Build();
        _gateway.Run(async context =>
        {
            _wasCalled.TrySetResult();
            context.Response.StatusCode = _answer.Status;
            await context.Response.WriteAsync($$$"""{"error":{"code":"{{{_answer.Code}}}"}}""");
        });
        await _gateway.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _journal.Dispose();
    }

    [Theory]
    [InlineData(429, "budget_held", "told 429 budget_held")]
    [InlineData(503, "ledger_unavailable", "told 503 ledger_unavailable")]
    [InlineData(402, "budget_exceeded", null)]
    public async Task A_cap_that_is_held_for_ever_is_found_out(int status, string code, string? violation)
    {
        _answer = (status, code);
        await using var load = Load.Start(_journal, _ => "secret", []);

        await MakeClients().SpendTheRestOfCarlAsync(load).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        if (violation is null) _violations.All.Should().BeEmpty();
        else _violations.All.Should().ContainSingle().Which.Should().StartWith("stuck:").And.Contain(violation);
    }

    [Fact]
    public async Task A_key_that_is_in_progress_for_ever_is_found_out()
    {
        _answer = (409, "idempotency_in_progress");
        var clients = MakeClients();
        await using var load = Load.Start(_journal, _ => "secret", [(load, stop) => clients.RepeatAsync(load, 0, stop)]);

        await _wasCalled.Task.WaitAsync(TestContext.Current.CancellationToken);
        await load.StopAsync();

        _violations.All.Should().ContainSingle().Which.Should().StartWith("stuck:").And.Contain("told 409 idempotency_in_progress");
    }

    [Fact]
    public async Task A_load_that_is_abandoned_is_not_waited_for()
    {
        _answer = (409, "idempotency_in_progress");
        var clients = MakeClients();
        var load = Load.Start(_journal, _ => "secret", [(load, stop) => clients.RepeatAsync(load, 0, stop)]);

        await _wasCalled.Task.WaitAsync(TestContext.Current.CancellationToken);
        load.Abandon();
        await load.DisposeAsync();

        _violations.All.Should().BeEmpty();
    }

    private Clients MakeClients() => new(
        [new Uri(_gateway.Urls.Single())], new Administrator(DatabaseTarget.Folder("none"), "", "acme", cap => cap), _violations)
    {
        Patience = TimeSpan.FromMilliseconds(300),
    };
}
