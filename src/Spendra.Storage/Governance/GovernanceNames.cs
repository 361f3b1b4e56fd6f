using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;

namespace Spendra.Storage.Governance;

/// <summary>
/// How the enumerations of governance are spelled in tables and files. Reading a name that is not listed means
/// that the row was written by another program: it fails rather than guesses.
/// </summary>
public static class GovernanceNames
{
    public static IReadOnlyList<string> PolicyKinds { get; } = [.. Enum.GetValues<PolicyKind>().Select(Of)];

    public static IReadOnlyList<string> PeriodKinds { get; } = [.. Enum.GetValues<PeriodKind>().Select(Of)];

    public static IReadOnlyList<string> WeekDays { get; } = [.. Enum.GetValues<DayOfWeek>().Select(Of)];

    public static string Of(PolicyKind kind) => kind switch
    {
        PolicyKind.HardCap => "hard_cap",
        PolicyKind.SoftCap => "soft_cap",
        PolicyKind.Alert => "alert",
        PolicyKind.Review => "review",
        PolicyKind.Allowlist => "allowlist",
        PolicyKind.RequestLimit => "request_limit",
    };

    public static string Of(PeriodKind kind) => kind switch
    {
        PeriodKind.Day => "day",
        PeriodKind.Week => "week",
        PeriodKind.Month => "month",
        PeriodKind.Quarter => "quarter",
        PeriodKind.Year => "year",
        PeriodKind.Range => "range",
        PeriodKind.Total => "total",
    };

    public static string Of(DayOfWeek day) => day switch
    {
        DayOfWeek.Sunday => "sunday",
        DayOfWeek.Monday => "monday",
        DayOfWeek.Tuesday => "tuesday",
        DayOfWeek.Wednesday => "wednesday",
        DayOfWeek.Thursday => "thursday",
        DayOfWeek.Friday => "friday",
        DayOfWeek.Saturday => "saturday",
    };

    public static string Of(KeyMode mode) => mode switch
    {
        KeyMode.Live => "live",
        KeyMode.Test => "test",
    };

    public static string Of(CredentialKind kind) => kind switch
    {
        CredentialKind.Environment => "environment",
        CredentialKind.Sealed => "sealed",
    };

    public static PolicyKind? FindPolicyKind(string name) => Find<PolicyKind>(name, Of);

    public static PeriodKind? FindPeriodKind(string name) => Find<PeriodKind>(name, Of);

    public static DayOfWeek? FindWeekDay(string name) => Find<DayOfWeek>(name, Of);

    public static ScopeKind? FindScopeKind(string name) => Find<ScopeKind>(name, Scope.KindName);

    internal static PolicyKind ReadPolicyKind(string name) => Known(FindPolicyKind(name), name);

    internal static PeriodKind ReadPeriodKind(string name) => Known(FindPeriodKind(name), name);

    internal static ScopeKind ReadScopeKind(string name) => Known(FindScopeKind(name), name);

    internal static KeyMode ReadKeyMode(string name) => Known(Find<KeyMode>(name, Of), name);

    internal static CredentialKind ReadCredentialKind(string name) => Known(Find<CredentialKind>(name, Of), name);

    private static T? Find<T>(string name, Func<T, string> nameOf) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == name) return value;
        }
        return null;
    }

    private static T Known<T>(T? value, string name) where T : struct, Enum =>
        value ?? throw new InvalidDataException($"the database holds an unknown {typeof(T).Name}: '{name}'");
}
