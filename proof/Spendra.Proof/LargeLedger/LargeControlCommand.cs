using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Spendra.Control;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Proof.LargeLedger;

/// <summary>
/// <c>large-control</c>: fills a database as <c>large-ledger</c> does, adds members, teams and keys, and measures how long the
/// first page of every list and report of the management API takes, for an org admin and for the manager of one team.
/// </summary>
internal static class LargeControlCommand
{
    private const int Members = 1_000;
    private const int Teams = 500;
    private const int Keys = 10_000;
    private const string Organization = "large";

    private static readonly Argument<long> Entries = new("entries") { Description = "Journal entries to write." };
    private static readonly Argument<string> Engine = new("engine") { Description = "sqlite or postgres." };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "How often to read each list.", DefaultValueFactory = _ => 21 };

    private static readonly Option<int> Pages = new("--pages") { Description = "How often to look at each page of the dashboard in Chromium; not at all by default." };

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong("sqlite", "postgres");
        var command = new Command("large-control", "Makes a large organization and measures the lists of the management API.") { Entries, Engine, Rounds, Pages };
        command.SetAction((arguments, cancel) =>
            RunAsync(arguments.GetValue(Entries), arguments.GetValue(Engine) == "postgres", arguments.GetValue(Rounds), arguments.GetValue(Pages), cancel));
        return command;
    }

    private static async Task<int> RunAsync(long entries, bool isPostgres, int rounds, int pageRounds, CancellationToken cancel)
    {
        using var folder = new TempFolder();
        var connectionString = isPostgres ? await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("large") : null;
        var target = connectionString is null ? DatabaseTarget.Folder(folder.Path) : DatabaseTarget.Address(PostgresCluster.ToUrl(connectionString));
        await Migrator.MigrateAsync(target, cancel);
        await using var database = Database.Open(target);
        await LargeLedgerCommand.FillAsync(database, new LargeCompany(Organization, 200), entries, connectionString, folder.Path, cancel);
        await GrowAsync(database, cancel);
        if (!await LargeRollups.RebuildAsync(database, cancel)) return 1;
        if (isPostgres)
        {
            await using var connection = await database.ConnectAsync(cancel);
            await connection.ExecuteAsync(new CommandDefinition("VACUUM ANALYZE", commandTimeout: 0, cancellationToken: cancel));
        }

        var masterKey = new MasterKey(RandomNumberGenerator.GetBytes(MasterKey.KeyBytes));
        await using var app = await ServeAsync(database, masterKey, cancel);
        Console.WriteLine($"{entries:N0} entries, {Members:N0} members, {Teams:N0} teams, {Keys:N0} keys on {(isPostgres ? "PostgreSQL" : "SQLite")}: median and slowest of {rounds} in ms");
        Console.WriteLine($"{"operation",-30} {"org admin",18} {"manager of a team",18}");
        var admin = await ClientAsync(app, database, masterKey, MemberRole.OrgAdmin, null, cancel);
        var manager = await ClientAsync(app, database, masterKey, MemberRole.Manager, "team/t-000", cancel);
        var slow = 0;
        foreach (var (name, path) in Lists(app).Concat(Reports()))
        {
            var all = await MeasureAsync(admin, path, rounds, cancel);
            var some = await MeasureAsync(manager, path, rounds, cancel);
            Console.WriteLine($"{name,-30} {all,18} {some,18}");
            if (all.Median > 50 || some.Median > 50) slow++;
        }
        if (pageRounds > 0) await LargeDashboard.MeasureAsync(new Uri(app.Urls.First()), database, Organization, pageRounds, cancel);
        Console.WriteLine(slow == 0 ? "every first page within 50 ms" : $"{slow} lists are slower than 50 ms");
        return slow == 0 ? 0 : 1;
    }

    /// <summary>Every operation that reads without naming one thing.</summary>
    private static IEnumerable<(string Name, string Path)> Lists(IEndpointRouteBuilder app) =>
        from endpoint in app.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
        let operation = endpoint.Metadata.GetMetadata<Operation>()
        let path = endpoint.RoutePattern.RawText!
        where operation is { Audience: Audience.Members } && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET")
            && path.IndexOf('{', StringComparison.Ordinal) == path.LastIndexOf('{') && !operation.Name.StartsWith("export", StringComparison.Ordinal)
        orderby operation.Name
        select (operation.Name, path.Replace("{organization}", Organization, StringComparison.Ordinal));

    /// <summary>Reports of a month that has spend, for all groups; the manager's team has spent nothing.</summary>
    private static IEnumerable<(string Name, string Path)> Reports()
    {
        const string Month = "from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z";
        string[] queries =
        [
            "usage?", "usage?by=model", "usage?by=team", "usage?by=employee", "usage?by=key", "usage?span=hour&by=model", "usage?span=hour&by=key",
            "usage?span=whole&by=model", "usage?span=whole&by=team", "usage?span=whole&by=employee", "usage?span=whole&by=key", "usage?scope=team/team-1&by=employee",
            "refusals?by=model", "refusals?span=whole&by=key", "units?by=model",
        ];
        return queries.Select(q => (q, $"/api/v1/organizations/{Organization}/reports/{q}&{Month}"));
    }

    private static async Task<Figure> MeasureAsync(HttpClient client, string path, int rounds, CancellationToken cancel)
    {
        var times = new List<double>();
        for (var round = -2; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancel);
            await response.Content.ReadAsByteArrayAsync(cancel);
            if (response.StatusCode is System.Net.HttpStatusCode.Forbidden or System.Net.HttpStatusCode.NotFound) return new Figure(0, 0, IsForbidden: true);
            response.EnsureSuccessStatusCode();
            if (round >= 0) times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        return new Figure(times[times.Count / 2], times[^1], IsForbidden: false);
    }

    private static async Task<WebApplication> ServeAsync(Database database, MasterKey masterKey, CancellationToken cancel)
    {
        // Named like the executable, whose build says where the files of the dashboard are.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "spendra", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseStaticWebAssets();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(masterKey);
        builder.Services.AddSpendraControl(new ControlOptions { IsPlainHttp = true });
        var app = builder.Build();
        app.MapSpendraControl();
        app.MapStaticAssets("spendra.staticwebassets.endpoints.json");
        await app.StartAsync(cancel);
        return app;
    }

    private static async Task<HttpClient> ClientAsync(
        WebApplication app, Database database, MasterKey masterKey, MemberRole role, string? scope, CancellationToken cancel)
    {
        var userId = await UserDirectory.FindOrAddAsync(database, $"{MemberRoles.NameOf(role)}@bench.example", "Bench", 1, cancel);
        await using var transaction = await GovernanceTransaction.BeginAsync(database, Organization, TimeProvider.System, cancel);
        var state = await transaction.LoadStateAsync(cancel, StateParts.Scopes);
        Guid[] scopes = scope is null ? [] : [state.Scopes.Single(s => s.Scope.Reference == scope).Scope.ScopeId];
        var member = new MemberRow(new Membership(Guid.CreateVersion7(), role, [.. scopes]), userId, "bench", "Bench", null, false, 1);
        var token = AccessToken.Create(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(AccessToken.SecretBytes));
        var row = new AccessTokenRow { TokenId = token.TokenId, MemberId = member.MemberId, Name = "bench", ExpiresAt = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds() * 1000, Capabilities = [.. Capabilities.All] };
        await transaction.ApplyAsync(
        [
            new GovernanceChange(new GovernanceWrite.PutMember(member, null), new ChangeNote("create", "member", "bench", null, "{}")),
            new GovernanceChange(new GovernanceWrite.AddToken(row, masterKey.DigestSecret(token.Secret)), new ChangeNote("create", "token", "bench", null, "{}")),
        ], new ChangeAuthor("bench", "bench"), cancel);
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Reveal());
        return client;
    }

    /// <summary>Adds teams with their employees, whose members they are, and keys: rows, without the pomp of changes.</summary>
    private static async Task GrowAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        var organizationId = await connection.QuerySingleAsync<Guid>(
            "SELECT organization_id FROM organization_directory WHERE slug = @Organization", new { Organization }, transaction);
        var teams = Enumerable.Range(0, Teams).Select(n => new { organizationId, id = Guid.CreateVersion7(), kind = "team", slug = $"t-{n:D3}", parent = (Guid?)null }).ToList();
        var employees = Enumerable.Range(0, Members).Select(n => new { organizationId, id = Guid.CreateVersion7(), kind = "employee", slug = $"m-{n:D4}", parent = (Guid?)teams[n % Teams].id }).ToList();
        await connection.ExecuteAsync("""
            INSERT INTO scopes (organization_id, scope_id, kind, slug, name, parent_id, changed_epoch) VALUES (@organizationId, @id, @kind, @slug, @slug, @parent, 1)
            """, teams.Concat(employees), transaction);
        await connection.ExecuteAsync("""
            INSERT INTO users (user_id, email, name, security_stamp, is_two_factor, recovery_digests, failed_sign_ins, created_at)
            VALUES (@id, @slug || '@large.example', @slug, 'x', FALSE, '[]', 0, 1)
            """, employees, transaction);
        await connection.ExecuteAsync("""
            INSERT INTO members (organization_id, member_id, user_id, employee_id, role, joined_at, version) VALUES (@organizationId, @id, @id, @id, 'employee', 1, 1)
            """, employees, transaction);
        await connection.ExecuteAsync(
            "INSERT INTO member_scopes (organization_id, member_id, scope_id) VALUES (@organizationId, @id, @id)", employees, transaction);
        await connection.ExecuteAsync(LargeCompanySql.Key, Enumerable.Range(0, Keys).Select(n => new
        {
            OrganizationId = organizationId, KeyId = Guid.CreateVersion7(), slug = $"key-{n:D5}", ScopeId = employees[n % Members].id, zeros = new byte[32],
        }), transaction);
        await database.CommitAsync(connection, transaction);
    }

    private sealed record Figure(double Median, double Slowest, bool IsForbidden)
    {
        public override string ToString() => IsForbidden ? "may not" : $"{Median:F1} / {Slowest:F1}";
    }
}
