using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Spendra.Control.Organizations;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.Api;

/// <summary>Domains, and the organization itself, through the management API, on either engine.</summary>
public abstract class DomainContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_domain_is_proven_by_the_record_that_its_owner_publishes()
    {
        await using var resolver = new TinyResolver();
        await using var api = await StartAsync(resolver.Address);
        var admin = await api.ClientAsync(MemberRole.IamAdmin);
        var added = await admin.PostAsync("/domains", new { domain = "Acme.Example" });
        added.Status.Should().Be(201, added.Body);
        added.Location.Should().Be("/api/v1/organizations/acme/domains/acme.example");
        var record = added.Json.GetProperty("record");
        var (name, value) = (record.GetProperty("name").GetString()!, record.GetProperty("value").GetString()!);
        name.Should().Be("_spendra-challenge.acme.example");

        var missing = await admin.PostAsync("/domains/acme.example/verify");
        missing.ProblemType.Should().Be("wrong-state");
        missing.Of("detail").Should().Contain(name).And.Contain(value);
        resolver.Asked.Should().Be(name);
        resolver.Put(name, [value + "0"], ["v=spf1 -all"], [value[..^1]]);
        (await admin.PostAsync("/domains/acme.example/verify")).ProblemType.Should().Be("wrong-state", "no record says exactly it");
        (await OwnerAsync(api)).Should().BeNull();
        resolver.Put(name, ["something else"], [value[..10], value[10..]]);
        var verified = await admin.PostAsync("/domains/acme.example/verify");

        verified.Status.Should().Be(200, verified.Body);
        verified.Json.GetProperty("isVerified").GetBoolean().Should().BeTrue();
        (await admin.GetAsync("/domains/ACME.example")).Anonymous().Should().Be(verified.Anonymous());
        (await admin.PostAsync("/domains/acme.example/verify")).Anonymous().Should().Be(verified.Anonymous(), "it is proven");
        (await OwnerAsync(api)).Should().Be(await api.Store.Reader.FindOrganizationAsync("acme", Cancel));
        (await admin.PostAsync("/domains", new { domain = "acme.example" })).ProblemType.Should().Be("duplicate");
        (await api.RecordsAsync("domain")).Select(r => r.Action).Should().Equal("create", "verify");
    }

    [Fact]
    public async Task What_one_organization_has_proven_no_other_has_until_it_is_removed()
    {
        await using var resolver = new TinyResolver();
        await using var api = await StartAsync(resolver.Address);
        await api.ApplyAsync(Governed.Other);
        var here = await api.ClientAsync(MemberRole.OrgAdmin);
        var there = PersonScheme.Client(api, await api.AddMemberAsync("x@other.example", MemberRole.OrgAdmin, organization: "other"));
        const string There = "/api/v1/organizations/other/domains";
        var mine = await here.PostAsync("/domains", new { domain = "acme.example" });
        var theirs = await there.PostAsync(There, new { domain = "acme.example" });
        theirs.Status.Should().Be(201, "nobody has proven it yet");
        resolver.Put("_spendra-challenge.acme.example", [ValueOf(mine)], [ValueOf(theirs)]);

        var answers = await Task.WhenAll(here.PostAsync("/domains/acme.example/verify"), there.PostAsync($"{There}/acme.example/verify"));

        answers.Select(a => a.Status).Should().BeEquivalentTo([200, 409]);
        var (winner, loser, path) = answers[0].Status == 200 ? (here, there, There) : (there, here, "/domains");
        var won = answers.Single(a => a.Status == 200);
        (await loser.PostAsync($"{path}/acme.example/verify")).ProblemType.Should().Be("duplicate");
        (await loser.PostAsync($"{path}/acme.example/remove", null, "*")).Status.Should().Be(200);
        (await OwnerAsync(api)).Should().NotBeNull("who removes what is not proven takes it from nobody");
        (await loser.PostAsync(path, new { domain = "acme.example" })).ProblemType.Should().Be("duplicate");

        var winnerPath = path == There ? "/domains" : There;
        (await winner.PostAsync($"{winnerPath}/acme.example/remove", null, "\"1\"")).ProblemType.Should().Be("stale-version");
        (await winner.PostAsync($"{winnerPath}/acme.example/remove", null, won.ETag)).Status.Should().Be(200);
        (await OwnerAsync(api)).Should().BeNull();
        (await winner.GetAsync($"{winnerPath}/acme.example")).Status.Should().Be(404);
        var again = await winner.PostAsync(winnerPath, new { domain = "acme.example" });
        again.Status.Should().Be(201, again.Body);
        new[] { ValueOf(mine), ValueOf(theirs) }.Should().NotContain(ValueOf(again), "an old proof proves nothing new");
        (await winner.PostAsync($"{winnerPath}/acme.example/verify")).ProblemType.Should().Be("wrong-state");
    }

    [Fact]
    public async Task Without_an_answer_nothing_is_proven()
    {
        using var free = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var closed = (IPEndPoint)free.Client.LocalEndPoint!;
        free.Dispose();
        await using var resolver = new TinyResolver { ResponseCode = 2 };
        foreach (var address in new[] { closed, resolver.Address })
        {
            await using var api = await StartAsync(address);
            var admin = await api.ClientAsync(MemberRole.OrgAdmin);
            (await admin.PostAsync("/domains", new { domain = "acme.example" })).Status.Should().Be(201);
            var refused = await admin.PostAsync("/domains/acme.example/verify");
            refused.ProblemType.Should().Be("wrong-state", refused.Body);
            refused.Of("detail").Should().Contain("no resolver answered");
        }
    }

    [Fact]
    public async Task Domains_are_listed_in_either_direction_by_whoever_reads_the_organization()
    {
        await using var api = await Governed.StartAsync(engine);
        await api.ApplyAsync(Governed.Other);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var name in new[] { "b", "a", "c" }) (await admin.PostAsync("/domains", new { domain = $"{name}.example" })).Status.Should().Be(201);

        foreach (var (sort, expected) in new[] { ("domain", "abc"), ("-domain", "cba") })
        {
            var first = await admin.GetAsync($"/domains?sort={sort}&limit=2");
            var rest = await admin.GetAsync($"/domains?sort={sort}&limit=2&cursor={first.Of("next")}");
            string.Concat(first.Items("domain").Concat(rest.Items("domain")).Select(d => d[0])).Should().Be(expected);
        }
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        (await auditor.GetAsync("/domains")).Items("domain").Should().HaveCount(3);
        (await auditor.PostAsync("/domains", new { domain = "d.example" })).Status.Should().Be(403);
        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).GetAsync("/domains")).Status.Should().Be(403);
        var foreign = PersonScheme.Client(api, await api.AddMemberAsync("x@other.example", MemberRole.OrgAdmin, organization: "other"));
        (await foreign.GetAsync("/api/v1/organizations/other/domains/a.example")).Status.Should().Be(404);
        (await foreign.PostAsync("/api/v1/organizations/other/domains/a.example/verify")).Status.Should().Be(404);
        (await foreign.GetAsync("/domains")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"domain":"localhost"}""", "domain"),
            ("""{"domain":"a..example"}""", "domain"),
        })
        {
            var refused = await admin.PostAsync("/domains", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await admin.GetAsync("/domains")).Items("domain").Should().BeEmpty();
        }
    }

    [Fact]
    public async Task The_organization_is_read_and_renamed_with_a_record_of_it()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var read = await admin.GetAsync("");
        read.Status.Should().Be(200, read.Body);
        read.Of("timeZone").Should().Be("Europe/Madrid");

        var changed = await admin.PutAsync("", new { name = "Acme & Co", timeZone = "UTC" }, read.ETag);

        changed.Status.Should().Be(200, changed.Body);
        var again = await admin.GetAsync("");
        again.Anonymous().Should().Be(changed.Anonymous());
        again.ETag.Should().Be(changed.ETag);
        again.Of("name").Should().Be("Acme & Co");
        (await admin.PutAsync("", new { name = "Late", timeZone = "UTC" }, read.ETag)).ProblemType.Should().Be("stale-version");
        (await admin.PutAsync("", new { name = "X", timeZone = "../../etc/passwd" })).Field.Should().Be("timeZone");
        (await admin.PutAsync("", new { name = "X" })).Field.Should().Be("timeZone");
        (await admin.PutAsync("", new { name = "X", timeZone = "UTC", slug = "mine" })).Field.Should().Be("slug");
        (await (await api.ClientAsync(MemberRole.IamAdmin)).PutAsync("", new { name = "X", timeZone = "UTC" })).Status.Should().Be(403);
        (await (await api.ClientAsync(MemberRole.Employee, "employee/e1001")).GetAsync("")).Status.Should().Be(403);
        var record = (await api.RecordsAsync("organization"))[^1];
        record.Action.Should().Be("update");
        record.BeforeState.Should().Contain("Europe/Madrid");
    }

    private Task<ControlHarness> StartAsync(IPEndPoint resolver) => Governed.StartAsync(engine,
        services => services.Replace(ServiceDescriptor.Singleton(new DomainOptions { Resolver = resolver })));

    private static Task<Guid?> OwnerAsync(ControlHarness api) => DomainRows.FindOrganizationAsync(api.Store.Database, "acme.example", Cancel);

    private static string ValueOf(ControlAnswer added) => added.Json.GetProperty("record").GetProperty("value").GetString()!;
}

public sealed class SqliteDomainTests() : DomainContract(DatabaseEngine.Sqlite);

public sealed class PostgresDomainTests() : DomainContract(DatabaseEngine.Postgres);
