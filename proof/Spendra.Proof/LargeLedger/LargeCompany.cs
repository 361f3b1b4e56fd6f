using System.Collections.Immutable;
using System.Data.Common;
using Dapper;
using Spendra.Core.Audit;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Proof.LargeLedger;

/// <summary>
/// An organization of teams and employees. A request of an employee holds money in the organization's month, the
/// team's week (counted, not capped) and the employee's day.
/// </summary>
internal sealed class LargeCompany
{
    private const int EmployeesPerTeam = 20;

    private readonly string _slug;
    private readonly Guid _accountId = Guid.CreateVersion7();
    private readonly Member _organization;
    private readonly Member[] _teams;
    private readonly Member[] _employees;

    public LargeCompany(string slug, int employees)
    {
        _slug = slug;
        _organization = new Member(Guid.CreateVersion7(), slug, PeriodKind.Month);
        _teams = [.. Enumerable.Range(0, 1 + employees / EmployeesPerTeam).Select(i => new Member(Guid.CreateVersion7(), $"team-{i}", PeriodKind.Week))];
        _employees = [.. Enumerable.Range(0, employees).Select(i => new Member(Guid.CreateVersion7(), $"employee-{i}", PeriodKind.Day))];
    }

    public Guid OrganizationId => _organization.ScopeId;

    public int Employees => _employees.Length;

    public PriceVersion[] Prices { get; } =
    [
        Price("gpt-6.2-sol", 2_000_000_000, 10_000_000_000), Price("gpt-6.2-luna", 400_000_000, 1_600_000_000),
        Price("gpt-6-embed", 20_000_000, 0),
    ];

    public Guid KeyOf(int employee) => _employees[employee].KeyId;

    public ImmutableArray<WindowClaim> ClaimsOf(int employee, long atMicros) =>
    [
        _organization.ClaimAt(atMicros, Enforcement.Hard),
        _teams[employee / EmployeesPerTeam].ClaimAt(atMicros, Enforcement.Observed),
        _employees[employee].ClaimAt(atMicros, Enforcement.Hard),
    ];

    /// <summary>A reservation of an employee, without amount and units.</summary>
    public Reservation Template(int employee, PriceVersion price, ImmutableArray<WindowClaim> claims, long atMicros) => new()
    {
        OrganizationId = OrganizationId,
        ReservationId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddTicks(atMicros * TimeSpan.TicksPerMicrosecond)),
        KeyId = _employees[employee].KeyId,
        ScopeIds = [OrganizationId, _teams[employee / EmployeesPerTeam].ScopeId, _employees[employee].ScopeId],
        PolicyIds = [.. claims.Select(c => c.PolicyId)],
        WindowIds = [.. claims.Select(c => c.WindowId)],
        Provider = price.Provider,
        AccountId = _accountId,
        Model = price.Model,
        Route = "chat.completions",
        PriceId = price.PriceId,
        Amount = NanoUsd.Zero,
        Epoch = 1,
        ReservedAt = atMicros,
        ExpiresAt = atMicros + 900_000_000,
    };

    public async Task CreateAsync(DbConnection connection)
    {
        var head = AuditHead.Start;
        await connection.ExecuteAsync(LargeCompanySql.Organization, new { OrganizationId, slug = _slug, head.Hash, account = _accountId });
        foreach (var price in Prices) await connection.ExecuteAsync(LargeCompanySql.Price, RowOf(price));
        await CreateMemberAsync(connection, _organization, "organization", "hard_cap");
        foreach (var team in _teams) await CreateMemberAsync(connection, team, "team", "soft_cap");
        foreach (var employee in _employees)
        {
            await CreateMemberAsync(connection, employee, "employee", "hard_cap");
            await connection.ExecuteAsync(LargeCompanySql.Key, new
            {
                OrganizationId, employee.KeyId, slug = $"{employee.Slug}-key", employee.ScopeId, zeros = new byte[32],
            });
        }
    }

    private async Task CreateMemberAsync(DbConnection connection, Member member, string kind, string policy) =>
        await connection.ExecuteAsync(LargeCompanySql.Member, new
        {
            OrganizationId, member.ScopeId, kind, member.Slug, member.Budget.BudgetId, budget = $"{member.Slug}-budget",
            amount = member.Budget.Amount.Value, period = member.Budget.Period.Kind.ToString().ToLowerInvariant(),
            member.PolicyId, cap = $"{member.Slug}-cap", policy,
        });

    private object RowOf(PriceVersion price) => new
    {
        OrganizationId, price.PriceId, price.Provider, price.Model, input = price.Rates.Input.NanosPerMillion,
        output = price.Rates.Output.NanosPerMillion,
    };

    private static PriceVersion Price(string model, long input, long output) => new()
    {
        PriceId = Guid.CreateVersion7(),
        Provider = "openai",
        Model = model,
        Rates = new RateCard(new Rate(input), new Rate(input / 10), new Rate(input), new Rate(output)),
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "large-ledger",
    };

    /// <summary>A scope with its budget and cap; the claim of the current window is kept until the window ends.</summary>
    private sealed class Member(Guid scopeId, string slug, PeriodKind period)
    {
        // Never reached: what is measured is reading, and nothing may be refused on the way.
        private static readonly NanoUsd Enough = NanoUsd.FromUsd(1_000_000_000);

        private WindowClaim? _current;

        public Guid ScopeId { get; } = scopeId;

        public Guid KeyId { get; } = Guid.CreateVersion7();

        public Guid PolicyId { get; } = Guid.CreateVersion7();

        public string Slug { get; } = slug;

        public Budget Budget { get; } = new()
        {
            BudgetId = Guid.CreateVersion7(),
            Slug = $"{slug}-budget",
            ScopeId = scopeId,
            Amount = Enough,
            Period = Period.Of(period),
            Zone = TimeZoneInfo.Utc,
        };

        public WindowClaim ClaimAt(long atMicros, Enforcement enforcement)
        {
            if (_current is { } current && current.Window.Span.Contains(atMicros)) return current;
            var claim = new WindowClaim(Budget.WindowAt(atMicros)!, PolicyId, $"{Slug}-cap", enforcement);
            _current = claim;
            return claim;
        }
    }
}
