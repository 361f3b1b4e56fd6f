using System.Globalization;
using System.Text;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>Five hundred at once at a cap for a hundred.</summary>
public sealed class CrowdTests
{
    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Exactly_as_many_calls_pass_as_the_cap_holds(DatabaseEngine engine)
    {
        const int callers = 500, fitting = 100;
        var body = Bodies.Chat("hang=true");
        var bound = (Encoding.UTF8.GetByteCount(body) + 64) * 1250L + 16 * 2000;
        // One nano-dollar short of one more.
        var cap = (bound * (fitting + 1) - 1) / 1_000_000_000m;
        await using var company = await Company.StartAsync(new Rules { Cap = cap.ToString(CultureInfo.InvariantCulture) }, engine);
        using var client = company.Client();
        using var leave = new CancellationTokenSource();

        // Those that pass are held at the provider until every other one has its answer: none settles early.
        var refusals = new TaskCompletionSource();
        var refused = 0;
        var calls = Enumerable.Range(0, callers).Select(_ => CallAsync()).ToList();
        await refusals.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await company.Journal.WaitForAsync(fitting, TestContext.Current.CancellationToken);

        var held = await company.BooksAsync();
        held.Open.Should().HaveCount(fitting);
        held.Reserved.Should().Be(bound * fitting);
        company.Journal.CountOf(SandboxRoute.ChatCompletions).Should().Be(fitting);
        await Books.ProveAsync(company.Gateway.Database, company.Id);

        // The provider goes: what it held may have been billed.
        await company.Provider.DisposeAsync();
        await Task.WhenAll(calls);
        var books = await company.SettledAsync();
        books.Settled.Should().Be(bound * fitting);
        books.Refusals.Should().HaveCount(callers - fitting).And.OnlyContain(r => r.Code == "budget_held");

        async Task CallAsync()
        {
            var answer = await Answer.PostAsync(client, "chat/completions", body);
            if (answer.Status == 429 && Interlocked.Increment(ref refused) == callers - fitting) refusals.SetResult();
        }
    }

    [Fact]
    public async Task Callers_that_all_fit_are_all_admitted()
    {
        await using var company = await Company.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => company.ChatAsync(i % 3 == 0 ? "status=429" : "")));

        answers.Count(a => a.Status == 200).Should().Be(133);
        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(133);
        books.Released.Should().HaveCount(67);
        books.Settled.Should().Be(133 * 42_000);
    }
}
