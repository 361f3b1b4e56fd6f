namespace Spendra.Core.Alerts;

/// <summary>What an alert is about.</summary>
public enum AlertKind
{
    /// <summary>A budget has spent more than a soft cap lets it.</summary>
    SoftCap,
    /// <summary>A budget has spent a share of its limit that a policy names.</summary>
    LimitThreshold,
    /// <summary>A budget will be spent before its window ends if spend goes on as it did.</summary>
    ExhaustionForecast,
    /// <summary>An hour cost far more than the hours before it.</summary>
    BurnRate,
    /// <summary>Far more requests were refused in an hour than in those before it.</summary>
    UnusualRefusals,
    /// <summary>Nobody has looked for new prices in a long time.</summary>
    StaleCatalog,
    /// <summary>The worker is behind with what the ledger announced.</summary>
    OutboxLag,
    /// <summary>Reservations were booked at their bound, since nobody knows what they cost.</summary>
    InDoubtSettlements,
    /// <summary>A schedule cannot fetch its bill.</summary>
    BillFetchFailing,
    /// <summary>The last export of a schedule failed for good.</summary>
    ExportFailing,
}

/// <summary>How much it matters, from least to most.</summary>
public enum AlertSeverity
{
    Info,
    Warning,
    Critical,
}

/// <summary>Where an alert is in its life: it only moves on.</summary>
public enum AlertState
{
    Open,
    Acknowledged,
    Resolved,
}

/// <summary>What happened to an alert, as those who are told of it hear it.</summary>
public enum AlertTransition
{
    Raised,
    Acknowledged,
    Resolved,
}

/// <summary>The words for these, in tables, files and notices. Reading one that is not listed fails rather than guesses.</summary>
public static class AlertNames
{
    public static IReadOnlyList<AlertKind> Kinds => Enum.GetValues<AlertKind>();

    public static string Of(AlertKind kind) => kind switch
    {
        AlertKind.SoftCap => "soft_cap",
        AlertKind.LimitThreshold => "limit_threshold",
        AlertKind.ExhaustionForecast => "exhaustion_forecast",
        AlertKind.BurnRate => "burn_rate",
        AlertKind.UnusualRefusals => "unusual_refusals",
        AlertKind.StaleCatalog => "stale_catalog",
        AlertKind.OutboxLag => "outbox_lag",
        AlertKind.InDoubtSettlements => "in_doubt_settlements",
        AlertKind.BillFetchFailing => "bill_fetch_failing",
        AlertKind.ExportFailing => "export_failing",
    };

    public static string Of(AlertSeverity severity) => severity switch
    {
        AlertSeverity.Info => "info",
        AlertSeverity.Warning => "warning",
        AlertSeverity.Critical => "critical",
    };

    public static string Of(AlertState state) => state switch
    {
        AlertState.Open => "open",
        AlertState.Acknowledged => "acknowledged",
        AlertState.Resolved => "resolved",
    };

    public static string Of(AlertTransition transition) => transition switch
    {
        AlertTransition.Raised => "raised",
        AlertTransition.Acknowledged => "acknowledged",
        AlertTransition.Resolved => "resolved",
    };

    public static AlertKind ReadKind(string name) => Read<AlertKind>(name, Of);

    public static AlertSeverity ReadSeverity(string name) => Read<AlertSeverity>(name, Of);

    public static AlertState ReadState(string name) => Read<AlertState>(name, Of);

    public static AlertTransition ReadTransition(string name) => Read<AlertTransition>(name, Of);

    private static T Read<T>(string name, Func<T, string> nameOf) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == name) return value;
        }
        throw new ArgumentException($"'{name}' is no {typeof(T).Name}", nameof(name));
    }
}
