using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>An organization that may spend, and the commands that it gives.</summary>
internal sealed class Tenant
{
    private readonly LedgerWorld _world;
    private int _budgets;

    private Tenant(LedgerWorld world) => _world = world;

    public Guid OrganizationId { get; } = Guid.CreateVersion7();

    public Guid EmployeeId { get; } = Guid.CreateVersion7();

    public Guid KeyId { get; } = Guid.CreateVersion7();

    public Guid AccountId { get; } = Guid.CreateVersion7();

    public static async Task<Tenant> CreateAsync(LedgerWorld world, int number)
    {
        var tenant = new Tenant(world);
        foreach (var statement in TenantSql.Statements)
        {
            await world.ExecuteAsync(statement, new
            {
                organization = tenant.OrganizationId, employee = tenant.EmployeeId, key = tenant.KeyId,
                account = tenant.AccountId, slug = $"org-{number}", zeros = new byte[32],
            });
        }
        return tenant;
    }

    /// <summary>A budget with a cap on it, and its window now.</summary>
    public async Task<WindowClaim> BudgetAsync(
        long limitNanos, Enforcement enforcement = Enforcement.Hard, PeriodKind period = PeriodKind.Total)
    {
        var budget = new Budget
        {
            BudgetId = Guid.CreateVersion7(),
            Slug = $"budget-{_budgets++}",
            ScopeId = OrganizationId,
            Amount = new NanoUsd(limitNanos),
            Period = Period.Of(period),
            Zone = TimeZoneInfo.Utc,
        };
        var policyId = Guid.CreateVersion7();
        await _world.ExecuteAsync(TenantSql.Budget, new
        {
            organization = OrganizationId, budget = budget.BudgetId, slug = budget.Slug, limit = limitNanos,
            period = period.ToString().ToLowerInvariant(), policy = policyId, policySlug = $"cap-{budget.Slug}",
            kind = enforcement == Enforcement.Hard ? "hard_cap" : "soft_cap",
        });
        var window = budget.WindowAt(Micros.Now(TimeProvider.System))!;
        return new WindowClaim(window, policyId, $"cap-{budget.Slug}", enforcement);
    }

    public ReserveCommand Reserve(long amountNanos, params WindowClaim[] claims)
    {
        var now = Micros.Now(TimeProvider.System);
        return new ReserveCommand(new Reservation
        {
            OrganizationId = OrganizationId,
            ReservationId = Guid.CreateVersion7(),
            KeyId = KeyId,
            ScopeIds = [OrganizationId, EmployeeId],
            PolicyIds = [.. claims.Select(c => c.PolicyId)],
            WindowIds = [.. claims.Select(c => c.WindowId)],
            Provider = "openai",
            AccountId = AccountId,
            Model = "gpt-6-sol",
            Route = "chat.completions",
            Amount = new NanoUsd(amountNanos),
            BoundInput = 100,
            BoundOutput = 50,
            Epoch = 1,
            ReservedAt = now,
            ExpiresAt = now + 900_000_000,
        }, [.. claims]);
    }

    /// <summary>A reserve with an idempotency key; key and body stand for their digests.</summary>
    public ReserveCommand Once(long amountNanos, byte key, byte body, params WindowClaim[] claims)
    {
        var command = Reserve(amountNanos, claims);
        return command with
        {
            Reservation = command.Reservation with { IdempotencyDigest = Digest(key) },
            Idempotency = new IdempotencyClaim(Digest(key), Digest(body)),
        };
    }

    public static SettleCommand Settle(ReserveCommand held, long costNanos) =>
        new(held.OrganizationId, held.ReservationId, held.WindowIds, new Settlement
        {
            Cost = new NanoUsd(costNanos),
            Usage = new Usage { Input = 30, CachedInput = 20, CacheWrite = 5, Output = 10, ReasoningWithinOutput = 4 },
            UpstreamStatus = 200,
        });

    public static ReleaseCommand Release(ReserveCommand held, string reason = "not_sent") =>
        new(held.OrganizationId, held.ReservationId, held.WindowIds, reason);

    public static ExpireCommand Expire(ReserveCommand held) =>
        new(held.OrganizationId, held.ReservationId, held.WindowIds);

    public static AdjustCommand Adjust(ReserveCommand held, long differenceNanos) =>
        new(held.OrganizationId, held.ReservationId, held.WindowIds, new NanoUsd(differenceNanos), "the invoice says so");

    public static byte[] Digest(byte value) => [.. Enumerable.Repeat(value, 32)];
}
