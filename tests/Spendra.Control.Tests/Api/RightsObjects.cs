using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Spendra.Control.Exports;
using Spendra.Control.Organizations;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Tests.Api;

/// <summary>Where something lies, as seen from callers that hold some scopes of one organization.</summary>
internal enum Place
{
    Own,
    Elsewhere,
    Foreign,
}

/// <summary>A member who calls, by a token and in person.</summary>
internal sealed record RightsCaller(MemberRow Member, MemberRole? Role, ControlClient Token, ControlClient Person);

/// <summary>
/// Two organizations that have the same of everything, a member of every role in the first, and objects that are really there
/// for every address: a new one whenever a caller has done something to the last.
/// </summary>
internal sealed class RightsObjects : IAsyncDisposable
{
    private const string Here = "acme";
    private const string There = "other";

    private readonly Dictionary<(string Noun, Place Place, Guid Owner), string> _made = [];
    private readonly TinyResolver _resolver = new();
    private readonly Dictionary<string, (ControlClient Client, MemberRow Member)> _admins = [];
    private readonly Dictionary<Place, Guid> _spent = [];
    private int _count;

    private RightsObjects()
    {
    }

    public ControlHarness Api { get; private set; } = null!;

    public List<RightsCaller> Callers { get; } = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RightsObjects> StartAsync(DatabaseEngine engine = DatabaseEngine.Sqlite)
    {
        var objects = new RightsObjects();
        var options = new DomainOptions { Resolver = objects._resolver.Address };
        objects.Api = await ControlHarness.StartAsync(engine, services =>
        {
            PersonScheme.Add(services);
            services.Replace(ServiceDescriptor.Singleton(options));
            // Nobody writes there: there is no worker.
            services.Replace(ServiceDescriptor.Singleton(new ExportOptions { Folder = System.IO.Path.GetTempPath() }));
        });
        foreach (var organization in (string[])[Here, There])
        {
            await objects.Api.ApplyAsync(Company.Replace("slug: acme", $"slug: {organization}", StringComparison.Ordinal));
            var admin = await objects.Api.AddMemberAsync($"maker@{organization}.example", MemberRole.OrgAdmin, organization: organization);
            objects._admins[organization] = (objects.Api.Client(await objects.Api.AddTokenAsync(admin, organization: organization)), admin);
        }
        foreach (var place in (Place[])[Place.Own, Place.Foreign]) await objects.PostAsync(place, "alert-channels", Mail("finance-mail"));
        // Before anybody makes a policy.
        foreach (var (place, key) in ((Place, string)[])[(Place.Own, "ada"), (Place.Elsewhere, "grace"), (Place.Foreign, "ada")])
        {
            await using var spending = new Spending(objects.Api, OrganizationOf(place));
            objects._spent[place] = await spending.SpendAsync(key, "0.1");
        }
        // Without a rule employees issue nothing themselves.
        await objects.PostAsync(Place.Own, "key-rules", new { slug = "self-service", scope = "employee/e1001" });
        foreach (var role in MemberRoles.All.Select(r => (MemberRole?)r).Append(null)) objects.Callers.Add(await objects.CallerAsync(role));
        return objects;
    }

    /// <summary>A new member of a role: of managers and employees over what lies in <see cref="Place.Own"/>.</summary>
    public async Task<RightsCaller> CallerAsync(MemberRole? role)
    {
        string[] scopes = role switch { MemberRole.Manager => ["team/search"], MemberRole.Employee => ["employee/e1001"], _ => [] };
        var isFirst = Callers.TrueForAll(c => c.Role != role);
        var member = await Api.AddMemberAsync($"caller-{++_count}@acme.example", role, scopes,
            employee: role == MemberRole.Employee && isFirst ? "employee/e1001" : null);
        return new RightsCaller(member, role, Api.Client(await Api.AddTokenAsync(member)), PersonScheme.Client(Api, member));
    }

    /// <summary>The address of an operation, with what its parameters name really there.</summary>
    public async Task<string> PathAsync(string operation, string method, string template, Place place, RightsCaller caller)
    {
        var noun = NounOf(template);
        if (!template.Contains('}', StringComparison.Ordinal) || noun.Length == 0) return template.Replace("{organization}", Here, StringComparison.Ordinal);
        var isOwn = place == Place.Own && (noun == "tokens" || operation == "withdrawRequest");
        var owner = isOwn ? caller.Member.MemberId : Guid.Empty;
        var key = (operation.StartsWith("restore", StringComparison.Ordinal) ? $"{noun} archived" : method == "GET" ? $"{noun} to read" : noun, place, owner);
        if (!_made.TryGetValue(key, out var id))
        {
            _made[key] = id = await MakeAsync(noun, place, method == "GET", isOwn, caller);
            if (operation.StartsWith("restore", StringComparison.Ordinal) && !IsHeld(noun, place)) await PostAsync(place, $"{noun}/{id}/archive", null);
        }
        return Fill(template, noun == "increases" ? [place == Place.Elsewhere ? "grace-week" : "ada-week", id] : [id]);
    }

    /// <summary>What an operation has changed is not what the next caller is asked about.</summary>
    public void Used(string template, Place place)
    {
        var noun = NounOf(template);
        foreach (var key in _made.Keys.Where(k => k.Place == place && (k.Noun == noun || k.Noun == $"{noun} archived")).ToList()) _made.Remove(key);
    }

    /// <summary>The same address with ids and names that nobody has.</summary>
    public static string Unknown(string template) => Fill(template, template.Contains("/increases/{", StringComparison.Ordinal)
        ? ["ada-week", Guid.NewGuid().ToString()] : [template.Contains("/{row", StringComparison.Ordinal) ? "987654321" : Guid.NewGuid().ToString()]);

    /// <summary>The id of a refused request.</summary>
    public async Task<Guid> RefusalAsync(Place place)
    {
        var rows = await Api.Store.LoadAsync((await Api.Store.Reader.FindOrganizationAsync(OrganizationOf(place), Cancel))!.Value);
        var (key, budget) = place == Place.Elsewhere ? ("grace", "grace-week") : ("ada", "ada-week");
        var id = Guid.CreateVersion7();
        await Api.Store.ExecuteAsync("""
            INSERT INTO refusals (organization_id, request_id, key_id, refused_at, route, code, message, budget_id)
            VALUES (@OrganizationId, @id, @keyId, 1, 'chat.completions', 'budget_exceeded', 'no', @budgetId)
            """, new
        {
            rows.OrganizationId, id, keyId = rows.Keys.Values.Single(k => k.Slug == key).KeyId,
            budgetId = rows.Budgets.Values.Single(b => b.Slug == budget).BudgetId,
        });
        return id;
    }

    public string NewName() => $"x{++_count}";

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await _resolver.DisposeAsync();
    }

    // The last noun of an address: increases of a budget are no budgets.
    private static string NounOf(string template)
    {
        var parts = template.Split('/');
        var last = Array.FindLastIndex(parts, p => p.StartsWith('{') && p != "{organization}");
        return last < 0 ? "" : template.Contains("/ledger/requests/", StringComparison.Ordinal) ? "spent"
            : template.Contains("/reconciliation/schedules/", StringComparison.Ordinal) ? "bill-schedules" : parts[last - 1];
    }

    private static string Fill(string template, string[] ids)
    {
        var parts = template.Replace("{organization}", Here, StringComparison.Ordinal).Split('/');
        var next = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            if (!parts[i].StartsWith('{')) continue;
            parts[i] = parts[i].StartsWith("{sequence", StringComparison.Ordinal) ? "1" : ids[next++];
        }
        return string.Join('/', parts);
    }

    // A new team is nobody's but the admins': callers are asked about the one that they hold, and about its neighbour.
    private static bool IsHeld(string noun, Place place) => noun == "teams" && place != Place.Foreign;

    // Members lie in no scope: elsewhere are those of an elevated role, who are the org admins' to touch only.
    private static MemberRole RoleIn(Place place) => place == Place.Elsewhere ? MemberRole.OrgAdmin : MemberRole.Auditor;

    private static string OrganizationOf(Place place) => place == Place.Foreign ? There : Here;

    private Task<string> MakeAsync(string noun, Place place, bool isForReading, bool isOwn, RightsCaller caller)
    {
        var (team, employee, agent, budget) = place == Place.Elsewhere
            ? ("team/ads", "employee/e1002", "agent/loner", "grace-week") : ("team/search", "employee/e1001", "agent/writer", "ada-week");
        var name = NewName();
        return noun switch
        {
            "teams" when IsHeld(noun, place) => Task.FromResult(team[5..]),
            "employees" when place != Place.Foreign && isForReading => Task.FromResult(employee[9..]),
            "branches" or "projects" or "teams" => SlugAsync(place, noun, new { slug = name }),
            "employees" => SlugAsync(place, noun, new { slug = name, parent = team }),
            "agents" => SlugAsync(place, noun, new { slug = name, parent = employee }),
            "subagents" => SlugAsync(place, noun, new { slug = name, parent = agent }),
            "budgets" => SlugAsync(place, noun, new { slug = name, scope = employee, amountUsd = "5", period = "month" }),
            "policies" => SlugAsync(place, noun, new { slug = name, kind = "soft_cap", scope = employee, budget }),
            "keys" => SlugAsync(place, "keys", new { slug = name, actor = employee }, "key"),
            "key-rules" => SlugAsync(place, noun, new { slug = name, scope = employee }),
            "provider-accounts" => SlugAsync(place, noun, new { slug = name, provider = "openai", credential = new { env = "NO_SUCH_KEY" } }),
            "mcp-servers" => SlugAsync(place, noun, new { slug = name, baseUrl = "https://tools.example.com/mcp", credential = new { env = "NO_SUCH_KEY" } }),
            "increases" => IdAsync(place, $"budgets/{budget}/increases", new { amountUsd = "1", until = DateTimeOffset.UtcNow.AddDays(1), reason = "test" }),
            "domains" => DomainAsync(place, $"{name}.example"),
            "invitations" => IdAsync(place, noun, new { email = $"{name}@acme.example", role = MemberRoles.NameOf(RoleIn(place)) }, "invitation"),
            "price-proposals" => IdAsync(place, noun, new { discount = new { provider = "openai", percent = 1 + _count % 90 } }),
            "adjustments" => IdAsync(place, "ledger/adjustments", new { account = "main", differenceUsd = "1.5", reason = "test" }),
            "alert-channels" => SlugAsync(place, noun, Mail(name)),
            "alert-rules" => SlugAsync(place, noun, new { slug = name, channels = new[] { "finance-mail" } }),
            _ => StoredAsync(noun, place, name, isOwn, caller),
        };
    }

    private async Task<string> StoredAsync(string noun, Place place, string name, bool isOwn, RightsCaller caller) => noun switch
    {
        "members" => (await Api.AddMemberAsync($"{name}@acme.example", RoleIn(place), organization: OrganizationOf(place))).MemberId.ToString(),
        "tokens" => await TokenAsync(place, caller),
        "requests" => (await AskAsync(place, isOwn, caller)).ToString(),
        "spent" => _spent[place].ToString(),
        "alerts" => (await AlertAsync(place)).ToString(),
        "alert-deliveries" => (await DeliveryAsync(place)).ToString(),
        "uncounted" => await UncountedAsync(place),
        "exports" => await IdAsync(place, noun, new { dataset = "focus", format = "csv", from = "2025-03-01T00:00:00Z", to = "2025-04-01T00:00:00Z" }),
        "schedules" => await IdAsync(place, "exports/schedules", new { dataset = "focus", format = "csv", cron = "0 3 * * *", period = "day" }),
        "bill-schedules" => await IdAsync(place, "reconciliation/schedules", new { account = "main", cron = "0 3 * * *" }),
        "imports" => await ImportAsync(place),
        "runs" => await CompareAsync(place),
        // No organization's own: a month is a name that all have. One that is not the next to be locked is a conflict, and that is told
        // to those who may lock it.
        "periods" => "2025-03",
        _ => Guid.NewGuid().ToString(),
    };

    private Task<string> ImportAsync(Place place) => IdAsync(place, "reconciliation/imports", new
    {
        account = "main", format = "csv", content = $"day,model,usd\n2025-03-09,gpt-4.1-mini,{++_count}.5\n", mapping = new { day = "day", model = "model", amount = "usd" },
    });

    private async Task<string> CompareAsync(Place place)
    {
        await ImportAsync(place);
        return await IdAsync(place, "reconciliation/runs", new { account = "main", month = "2025-03" });
    }

    private async Task<string> UncountedAsync(Place place)
    {
        var row = 1_000 + ++_count;
        await Api.Store.ExecuteAsync("""
            INSERT INTO outbox_failures (organization_id, consumer, sequence, attempts, reason, failed_at, retry_at, is_dead)
            SELECT organization_id, 'rollups', @row, 8, 'no', 1, 1, (1 = 1) FROM organizations WHERE slug = @organization
            """, new { row, organization = OrganizationOf(place) });
        return row.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<Guid> AlertAsync(Place place)
    {
        var (id, slug) = (Guid.CreateVersion7(), place == Place.Elsewhere ? "e1002" : "e1001");
        await Api.Store.ExecuteAsync("""
            INSERT INTO alerts (organization_id, alert_id, dedup_key, kind, severity, scope_id, subject, title, facts, state, raised_at, version)
            SELECT s.organization_id, @id, @key, 'soft_cap', 'info', s.scope_id, 'x', 'x', '[]', 'open', 1, 1
            FROM scopes s JOIN organizations o ON o.organization_id = s.organization_id WHERE o.slug = @organization AND s.kind = 'employee' AND s.slug = @slug
            """, new { id, key = id.ToString(), organization = OrganizationOf(place), slug });
        return id;
    }

    /// <summary>A notice that was given up.</summary>
    private async Task<Guid> DeliveryAsync(Place place)
    {
        var (id, alertId) = (Guid.CreateVersion7(), await AlertAsync(place));
        await Api.Store.ExecuteAsync("""
            INSERT INTO alert_deliveries (organization_id, delivery_id, alert_id, channel_id, transition, notice, state, attempts, created_at, next_attempt_at,
                ended_at, version)
            SELECT organization_id, @id, @alertId, channel_id, 'raised', @notice, 'dead', 12, 1, 1, 1, 1 FROM alert_channels
            WHERE slug = 'finance-mail' AND organization_id = (SELECT organization_id FROM organizations WHERE slug = @organization)
            """, new
        {
            id, alertId, organization = OrganizationOf(place),
            notice = $$"""{"alertId":"{{alertId}}","transition":"raised","kind":"soft_cap","severity":"info","organization":"x","subject":"x","title":"x","facts":[],"raisedAt":1,"at":1}""",
        });
        return id;
    }

    // No mail goes to a private address: it is refused, and fast.
    private static object Mail(string slug) => new { slug, email = new { host = "localhost", security = "none", from = "spendra@acme.example", to = new[] { "cfo@acme.example" } } };

    private async Task<string> TokenAsync(Place place, RightsCaller caller)
    {
        var organization = OrganizationOf(place);
        var owner = place == Place.Own ? caller.Member : _admins[organization].Member;
        AccessToken.TryParse(await Api.AddTokenAsync(owner, organization: organization), out var token).Should().BeTrue();
        return AccessToken.DisplayName(token!.TokenId);
    }

    /// <summary>A request for budget: of the caller in their own place, of somebody else elsewhere.</summary>
    private async Task<Guid> AskAsync(Place place, bool isOwn, RightsCaller caller)
    {
        var organization = OrganizationOf(place);
        var rows = await Api.Store.LoadAsync((await Api.Store.Reader.FindOrganizationAsync(organization, Cancel))!.Value);
        var (key, budget) = place == Place.Elsewhere ? ("grace", "grace-week") : ("ada", "ada-week");
        var (scoped, watched) = (rows.Keys.Values.Single(k => k.Slug == key), rows.Budgets.Values.Single(b => b.Slug == budget));
        var request = new BudgetRequest
        {
            RequestId = Guid.CreateVersion7(), Kind = BudgetRequestKind.Increase, RefusalId = await RefusalAsync(place), KeyId = scoped.KeyId, ActorId = scoped.ActorId,
            ScopeId = watched.ScopeId, BudgetId = watched.BudgetId, Amount = NanoUsd.FromUsd(50), Reason = "test",
            Until = Micros.Now(TimeProvider.System) + 86_400_000_000, RequestedBy = isOwn ? caller.Member.MemberId : _admins[organization].Member.MemberId,
        };
        await using var transaction = await GovernanceTransaction.BeginAsync(Api.Store.Database, organization, TimeProvider.System, Cancel);
        await transaction.ApplyAsync([new GovernanceChange(new GovernanceWrite.AskForBudget(request), new ChangeNote("create", "request", request.RequestId.ToString(), null, "{}"))],
            new ChangeAuthor("operator", "test"), Cancel);
        return request.RequestId;
    }

    private async Task<string> DomainAsync(Place place, string name)
    {
        var record = (await PostAsync(place, "domains", new { domain = name })).Json.GetProperty("record");
        _resolver.Put(record.GetProperty("name").GetString()!, [record.GetProperty("value").GetString()!]);
        return name;
    }

    private async Task<string> SlugAsync(Place place, string path, object body, string? within = null) => await FieldAsync(place, path, body, within, "slug");

    private async Task<string> IdAsync(Place place, string path, object body, string? within = null) => await FieldAsync(place, path, body, within, "id");

    private async Task<string> FieldAsync(Place place, string path, object body, string? within, string field)
    {
        var json = (await PostAsync(place, path, body)).Json;
        return (within is null ? json : json.GetProperty(within)).GetProperty(field).GetString()!;
    }

    private async Task<ControlAnswer> PostAsync(Place place, string path, object? body)
    {
        var organization = OrganizationOf(place);
        var answer = await _admins[organization].Client.PostAsync($"/api/v1/organizations/{organization}/{path}", body, "*");
        answer.Status.Should().BeOneOf([200, 201], $"{path}: {answer.Body}");
        return answer;
    }

    // Of Ada, whom some callers hold, and of Grace, whom they do not.
    private static string Company => Files.Acme
        .Replace("\nteams:\n", "\n  - slug: apac\nteams:\n", StringComparison.Ordinal)
        .Replace("  - slug: e1002\n", "  - slug: e1002\n    team: ads\n", StringComparison.Ordinal)
        .Replace("\nsubagents:\n", "\n  - slug: loner\n    owner: employee/e1002\nsubagents:\n", StringComparison.Ordinal)
        .Replace("\npolicies:\n", "\n  - {slug: grace-week, scope: employee/e1002, amountUsd: 20, period: week}\npolicies:\n", StringComparison.Ordinal)
        .Replace("\nkeys:\n", "\nkeys:\n  - {slug: grace, actor: employee/e1002}\n", StringComparison.Ordinal);
}
