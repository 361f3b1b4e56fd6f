using Spendra.Core.Alerts;

namespace Spendra.Storage.Alerts;

// Rows as Dapper reads them. Each knows what it means.

internal sealed class StoredAlert
{
    public Guid AlertId { get; set; }
    public string DedupKey { get; set; } = "";
    public string Kind { get; set; } = "";
    public string Severity { get; set; } = "";
    public Guid? ScopeId { get; set; }
    public string? ScopeKind { get; set; }
    public string? ScopeSlug { get; set; }
    public string Subject { get; set; } = "";
    public string Title { get; set; } = "";
    public string Facts { get; set; } = "[]";
    public string State { get; set; } = "";
    public long RaisedAt { get; set; }
    public long? AcknowledgedAt { get; set; }
    public string? AcknowledgedBy { get; set; }
    public long? ResolvedAt { get; set; }
    public string? ResolvedBy { get; set; }
    public long? ClearedAt { get; set; }
    public long Version { get; set; }

    public AlertRow ToRow() => new()
    {
        AlertId = AlertId,
        Kind = AlertNames.ReadKind(Kind),
        Severity = AlertNames.ReadSeverity(Severity),
        ScopeId = ScopeId,
        Scope = StoredScopeName.ReferenceOf(ScopeKind, ScopeSlug),
        Subject = Subject,
        Title = Title,
        Facts = AlertJson.ReadFacts(Facts),
        State = AlertNames.ReadState(State),
        RaisedAt = RaisedAt,
        AcknowledgedAt = AcknowledgedAt,
        AcknowledgedBy = AcknowledgedBy,
        ResolvedAt = ResolvedAt,
        ResolvedBy = ResolvedBy,
        ClearedAt = ClearedAt,
        Version = Version,
    };
}

internal sealed class StoredScopeName
{
    public string Kind { get; set; } = "";
    public string Slug { get; set; } = "";

    public string Reference => ReferenceOf(Kind, Slug)!;

    public static string? ReferenceOf(string? kind, string? slug) => kind is null or "organization" ? kind : $"{kind}/{slug}";
}

internal sealed class StoredChannel
{
    public Guid ChannelId { get; set; }
    public string Slug { get; set; } = "";
    public string Kind { get; set; } = "";
    public string Settings { get; set; } = "{}";
    public byte[] Secret { get; set; } = [];
    public long? ArchivedAt { get; set; }
    public long Version { get; set; }

    public ChannelRow ToRow() => new(ChannelId, Slug, ChannelKinds.Read(Kind), AlertJson.ReadSettings(Settings), Secret, ArchivedAt is not null, Version);
}

internal sealed class StoredAlertRule
{
    public Guid RuleId { get; set; }
    public string Slug { get; set; } = "";
    public string? Kinds { get; set; }
    public string LeastSeverity { get; set; } = "";
    public Guid? ScopeId { get; set; }
    public string? ScopeKind { get; set; }
    public string? ScopeSlug { get; set; }
    public byte[] ChannelIds { get; set; } = [];
    public long? ArchivedAt { get; set; }
    public long Version { get; set; }

    public AlertRuleRow ToRow() => new(
        RuleId, Slug, AlertJson.ReadKinds(Kinds), AlertNames.ReadSeverity(LeastSeverity), ScopeId, PackedIds.Unpack(ChannelIds), ArchivedAt is not null, Version);
}

internal sealed class StoredDelivery
{
    public Guid DeliveryId { get; set; }
    public Guid AlertId { get; set; }
    public Guid ChannelId { get; set; }
    public string ChannelSlug { get; set; } = "";
    public string? RuleSlug { get; set; }
    public string Notice { get; set; } = "";
    public string State { get; set; } = "";
    public int Attempts { get; set; }
    public long CreatedAt { get; set; }
    public long NextAttemptAt { get; set; }
    public long? EndedAt { get; set; }
    public int? LastStatus { get; set; }
    public string? LastError { get; set; }
    public long Version { get; set; }

    public DeliveryRow ToRow()
    {
        var state = Enum.Parse<DeliveryState>(State, ignoreCase: true);
        return new DeliveryRow
        {
            DeliveryId = DeliveryId,
            AlertId = AlertId,
            ChannelId = ChannelId,
            Channel = ChannelSlug,
            Rule = RuleSlug,
            Notice = AlertJson.ReadNotice(Notice),
            State = state,
            Attempts = Attempts,
            CreatedAt = CreatedAt,
            NextAttemptAt = state == DeliveryState.Pending ? NextAttemptAt : null,
            EndedAt = EndedAt,
            LastStatus = LastStatus,
            LastError = LastError,
            Version = Version,
        };
    }
}
