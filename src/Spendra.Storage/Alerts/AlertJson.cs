using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Core.Alerts;

namespace Spendra.Storage.Alerts;

/// <summary>The JSON columns of alerts: <c>alerts.facts</c>, <c>alert_deliveries.notice</c>, <c>alert_channels.settings</c>, <c>alert_rules.kinds</c>.</summary>
internal static class AlertJson
{
    public static string Write(ImmutableArray<AlertFact> facts) => JsonSerializer.Serialize(facts, AlertJsonContext.Default.ImmutableArrayAlertFact);

    public static ImmutableArray<AlertFact> ReadFacts(string json) => JsonSerializer.Deserialize(json, AlertJsonContext.Default.ImmutableArrayAlertFact);

    public static string Write(AlertNotice notice) => JsonSerializer.Serialize(new NoticeDocument(
        notice.AlertId, AlertNames.Of(notice.Transition), AlertNames.Of(notice.Kind), AlertNames.Of(notice.Severity), notice.Organization, notice.Scope,
        notice.Subject, notice.Title, notice.Facts, notice.RaisedAt, notice.At, notice.By), AlertJsonContext.Default.NoticeDocument);

    public static AlertNotice ReadNotice(string json)
    {
        var n = JsonSerializer.Deserialize(json, AlertJsonContext.Default.NoticeDocument)!;
        return new AlertNotice(n.AlertId, AlertNames.ReadTransition(n.Transition), AlertNames.ReadKind(n.Kind), AlertNames.ReadSeverity(n.Severity), n.Organization,
            n.Scope, n.Subject, n.Title, n.Facts, n.RaisedAt, n.At, n.By);
    }

    public static string Write(ChannelSettings settings) => JsonSerializer.Serialize(settings, AlertJsonContext.Default.ChannelSettings);

    public static ChannelSettings ReadSettings(string json) => JsonSerializer.Deserialize(json, AlertJsonContext.Default.ChannelSettings)!;

    public static string? Write(ImmutableArray<AlertKind>? kinds) => kinds is { } named
        ? JsonSerializer.Serialize([.. named.Select(AlertNames.Of)], AlertJsonContext.Default.StringArray) : null;

    public static ImmutableArray<AlertKind>? ReadKinds(string? json) => json is null ? null
        : [.. JsonSerializer.Deserialize(json, AlertJsonContext.Default.StringArray)!.Select(AlertNames.ReadKind)];

    internal sealed record NoticeDocument(
        Guid AlertId, string Transition, string Kind, string Severity, string Organization, string? Scope, string Subject, string Title,
        ImmutableArray<AlertFact> Facts, long RaisedAt, long At, string? By);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ImmutableArray<AlertFact>))]
[JsonSerializable(typeof(AlertJson.NoticeDocument))]
[JsonSerializable(typeof(ChannelSettings))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class AlertJsonContext : JsonSerializerContext;
