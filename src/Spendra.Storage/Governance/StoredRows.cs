using System.Globalization;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Governance;

// Rows as Dapper reads them: plain setters, because the two engines return integers of different widths and
// only setters convert. Each knows what it means to Core.

internal sealed class StoredScope
{
    public Guid ScopeId { get; set; }
    public string Kind { get; set; } = "";
    public string Slug { get; set; } = "";
    public string Name { get; set; } = "";
    public string? Email { get; set; }
    public Guid? ParentId { get; set; }
    public long? ArchivedAt { get; set; }
    public long ChangedEpoch { get; set; }

    public Scope ToScope() => new(ScopeId, GovernanceNames.ReadScopeKind(Kind), Slug, Name, ParentId);
}

internal sealed class StoredBudget
{
    public Guid BudgetId { get; set; }
    public string Slug { get; set; } = "";
    public Guid ScopeId { get; set; }
    public long AmountNanos { get; set; }
    public string Period { get; set; } = "";
    public int WeekStart { get; set; }
    public int FiscalStartMonth { get; set; }
    public string? RangeStart { get; set; }
    public string? RangeEnd { get; set; }
    public string TimeZone { get; set; } = "";
    public string Increases { get; set; } = "[]";
    public long? ArchivedAt { get; set; }
    public long ChangedEpoch { get; set; }

    public Budget ToBudget() => new()
    {
        BudgetId = BudgetId,
        Slug = Slug,
        ScopeId = ScopeId,
        Amount = new NanoUsd(AmountNanos),
        Increases = RuleJson.ReadIncreases(Increases),
        Period = new Period
        {
            Kind = GovernanceNames.ReadPeriodKind(Period),
            WeekStart = (DayOfWeek)WeekStart,
            FiscalStartMonth = FiscalStartMonth,
            RangeStart = Day(RangeStart),
            RangeEnd = Day(RangeEnd),
        },
        Zone = TimeZoneInfo.FindSystemTimeZoneById(TimeZone),
    };

    public static string? Text(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly? Day(string? text) =>
        text is null ? null : DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}

internal sealed class StoredPolicy
{
    public Guid PolicyId { get; set; }
    public string Slug { get; set; } = "";
    public string Kind { get; set; } = "";
    public Guid ScopeId { get; set; }
    public Guid? BudgetId { get; set; }
    public string Rule { get; set; } = "";
    public long? ArchivedAt { get; set; }
    public long ChangedEpoch { get; set; }

    public Policy ToPolicy() => RuleJson.Read(Rule, new Policy
    {
        PolicyId = PolicyId,
        Slug = Slug,
        Kind = GovernanceNames.ReadPolicyKind(Kind),
        ScopeId = ScopeId,
        BudgetId = BudgetId,
    });
}

internal sealed class StoredKey
{
    public Guid KeyId { get; set; }
    public string Slug { get; set; } = "";
    public string Mode { get; set; } = "";
    public Guid ActorId { get; set; }
    public Guid? ProjectId { get; set; }
    public byte[] SecretHmac { get; set; } = [];
    public string Permissions { get; set; } = "";
    public string? Environment { get; set; }
    public long? MaxRequestNanos { get; set; }
    public long? ExpiresAt { get; set; }
    public long CreatedAt { get; set; }
    public string CreatedBy { get; set; } = "";
    public long? RevokedAt { get; set; }
    public long? RotatedAt { get; set; }
    public byte[]? PreviousHmac { get; set; }
    public long? PreviousUntil { get; set; }
    public long ChangedEpoch { get; set; }

    public KeyRow ToRow() => new(ToKey(), CreatedAt, CreatedBy)
    {
        ChangedEpoch = ChangedEpoch, RotatedAt = RotatedAt, PreviousUntil = PreviousUntil,
    };

    /// <summary>The secret before the present one, and until when it is good; null when there is none.</summary>
    public PreviousSecret? ToPrevious() =>
        PreviousHmac is { } digest && PreviousUntil is { } until ? new PreviousSecret(digest, until) : null;

    public ScopedKey ToKey()
    {
        var permissions = RuleJson.ReadPermissions(Permissions);
        return new ScopedKey
        {
            KeyId = KeyId,
            Slug = Slug,
            Mode = GovernanceNames.ReadKeyMode(Mode),
            ActorId = ActorId,
            ProjectId = ProjectId,
            Providers = permissions.Providers,
            Models = permissions.Models,
            Tools = permissions.Tools,
            Environment = Environment,
            MaxRequest = MaxRequestNanos is { } max ? new NanoUsd(max) : null,
            ExpiresAt = ExpiresAt,
            RevokedAt = RevokedAt,
        };
    }
}

internal sealed class StoredAccount
{
    public Guid AccountId { get; set; }
    public string Slug { get; set; } = "";
    public string Provider { get; set; } = "";
    public string BaseUrl { get; set; } = "";
    public string CredentialKind { get; set; } = "";
    public byte[] Credential { get; set; } = [];
    public string Settings { get; set; } = "";
    public long? ArchivedAt { get; set; }
    public long ChangedEpoch { get; set; }

    public ProviderAccount ToAccount() => new()
    {
        AccountId = AccountId,
        Slug = Slug,
        Provider = Provider,
        BaseUrl = BaseUrl,
        CredentialKind = GovernanceNames.ReadCredentialKind(CredentialKind),
        Credential = Credential,
        Settings = RuleJson.ReadSettings(Settings),
    };
}

internal sealed class StoredPrice
{
    public Guid PriceId { get; set; }
    public string Provider { get; set; } = "";
    public string Model { get; set; } = "";
    public long InputRate { get; set; }
    public long CachedInputRate { get; set; }
    public long CacheWriteRate { get; set; }
    public long OutputRate { get; set; }
    public long? LongContextAbove { get; set; }
    public long? LongInputRate { get; set; }
    public long? LongCachedInputRate { get; set; }
    public long? LongCacheWriteRate { get; set; }
    public long? LongOutputRate { get; set; }
    public string OtherRates { get; set; } = "";
    public string? LongOtherRates { get; set; }
    public string TierPercents { get; set; } = "";
    public long? ContextWindow { get; set; }
    public long? MaxOutput { get; set; }
    public long EffectiveFrom { get; set; }
    public long? EffectiveTo { get; set; }
    public long RecordedAt { get; set; }
    public string Source { get; set; } = "";

    public PriceVersion ToPrice() => new()
    {
        PriceId = PriceId,
        Provider = Provider,
        Model = Model,
        Rates = Card(InputRate, CachedInputRate, CacheWriteRate, OutputRate, OtherRates),
        LongContext = LongContextAbove is { } above
            ? new ContextBand(above, Card(Long(LongInputRate), Long(LongCachedInputRate), Long(LongCacheWriteRate), Long(LongOutputRate), LongOtherRates ?? "{}"))
            : null,
        TierPercents = RuleJson.ReadTiers(TierPercents),
        ContextWindow = ContextWindow,
        MaxOutput = MaxOutput,
        EffectiveFrom = EffectiveFrom,
        EffectiveTo = EffectiveTo,
        RecordedAt = RecordedAt,
        Source = Source,
    };

    private static RateCard Card(long input, long cached, long write, long output, string others) =>
        new(new Rate(input), new Rate(cached), new Rate(write), new Rate(output)) { Others = UnitsJson.ReadRates(others) };

    private long Long(long? rate) =>
        rate ?? throw new InvalidDataException($"price {PriceId} has a long-context threshold without all its rates");
}
