using System.Collections;
using System.Net;
using Spendra.Control.Alerts;
using Spendra.Control.Audit;
using Spendra.Control.Audit.Forwarding;
using Spendra.Control.Catalog;
using Spendra.Control.Ledger;
using Spendra.Control.Organizations;
using Spendra.Gateway;
using Spendra.Storage;
using Spendra.Storage.Retention;
using Spendra.Telemetry;

namespace Spendra.Settings;

/// <summary>
/// Command line over environment over <c>spendra.json</c>. Everything is read and checked at once, so that all
/// errors are reported together and a process with a wrong configuration does not start.
/// </summary>
internal static class SettingsLoader
{
    public const string FileName = "spendra.json";

    /// <exception cref="SettingsException">Something is wrong; names every error.</exception>
    public static SpendraOptions Load(SettingSource commandLine, IDictionary environment, string filePath)
    {
        var errors = new List<string>();
        var file = SettingsFile.Read(filePath, errors);
        var reader = new SettingReader([commandLine, SettingSource.Environment(environment), file], errors);
        var (data, database) = reader.OneOf("Data", "Database");
        var gateway = ReadGateway(reader);
        var urls = reader.Checked("Urls", AreListenUrls, "http://host:port, several separated by ';'; TLS ends in front of Spendra")
            ?? SpendraOptions.DefaultUrls;
        var control = ControlSettings.Read(reader, urls, errors);
        var telemetry = TelemetrySettings.Read(reader, errors);
        var log = new LogSettings
        {
            Level = reader.Choice("Log:Level", LogLevel.Information, LogLevel.Trace, LogLevel.Debug,
                LogLevel.Information, LogLevel.Warning, LogLevel.Error),
            Json = reader.Flag("Log:Json", false),
        };
        var options = new SpendraOptions
        {
            Urls = urls,
            Data = database is null ? data ?? SpendraOptions.DefaultData : null,
            Database = Target(data, database, errors),
            MasterKey = reader.Text("MasterKey") is { } key ? new Secret(key) : null,
            Role = reader.Choice("Role", Role.All, Role.All, Role.Gateway, Role.Control, Role.Worker),
            Gateway = gateway with
            {
                PublicUrl = control.PublicUrl,
                SendsTraceContext = telemetry.SendsTraceContext,
                ScopesLogs = log.Json || telemetry.Sends(Signals.Logs),
            },
            Control = control,
            Sweep = new SweepOptions
            {
                IntervalMs = reader.Number("Sweep:IntervalMs", 2_000, 50, 600_000),
                GatewayLeaseSeconds = reader.Number("Sweep:GatewayLeaseSeconds", 15, 5, 3_600),
            },
            Catalog = ReadCatalog(reader) with { AllowInside = gateway.AllowPrivateUpstreams },
            Alerts = ReadAlerts(reader, gateway.AllowPrivateUpstreams),
            Domains = new DomainOptions
            {
                Resolver = reader.Checked("Domains:Resolver", text => ReadResolver(text) is not null, "the address of a resolver, such as 9.9.9.9 or 127.0.0.1:5353")
                    is { } resolver ? ReadResolver(resolver) : null,
            },
            Audit = ReadAudit(reader),
            AuditForward = ReadForward(reader, errors),
            Exports = ExportSettings.Read(reader, errors),
            Retention = ReadRetention(reader),
            Telemetry = telemetry,
            Log = log,
            Debug = reader.Flag("Debug", false),
        };
        reader.ReportUnknown();
        return errors.Count == 0 ? options : throw new SettingsException(errors);
    }

    private static IPEndPoint? ReadResolver(string text)
    {
        const int DnsPort = 53;
        if (!IPEndPoint.TryParse(text, out var address)) return null;
        return address.Port == 0 ? new IPEndPoint(address.Address, DnsPort) : address;
    }

    private static CatalogOptions ReadCatalog(SettingReader reader) => new()
    {
        Schedule = reader.Checked("Catalog:Sync", CatalogOptions.IsSchedule, "a cron expression of five fields in UTC, such as '0 5 * * *'"),
        From = reader.Checked("Catalog:From", CatalogOptions.AreSources, $"{PriceDocument.OpenRouterName}, {PriceDocument.CatalogName} or an https address, several separated by ';'")
            ?? PriceDocument.OpenRouterName,
    };

    private static AlertOptions ReadAlerts(SettingReader reader, bool allowPrivate) => new()
    {
        LookInterval = TimeSpan.FromSeconds(reader.Number("Alerts:LookSeconds", 30, 1, 3_600)),
        AttemptLimit = TimeSpan.FromSeconds(reader.Number("Alerts:AttemptSeconds", 10, 1, 120)),
        CatalogStaleDays = reader.Number("Alerts:CatalogStaleDays", 30, 0, 3_650),
        AllowInside = reader.Flag("Alerts:AllowPrivateChannels", allowPrivate),
    };

    private static RetentionLimits ReadRetention(SettingReader reader)
    {
        const int Century = 1_200;
        var defaults = new RetentionLimits();
        return new RetentionLimits
        {
            HourlyRollupMonths = reader.Number("Retention:HourlyRollupMonths", defaults.HourlyRollupMonths, 0, Century),
            DeliveryMonths = reader.Number("Retention:DeliveryMonths", defaults.DeliveryMonths, 0, Century),
            ExportMonths = reader.Number("Retention:ExportMonths", defaults.ExportMonths, 0, Century),
            ReplacedBillMonths = reader.Number("Retention:ReplacedBillMonths", defaults.ReplacedBillMonths, 0, Century),
            ReceiptDays = reader.Number("Retention:ReceiptDays", defaults.ReceiptDays, 0, 36_500),
        };
    }

    private static AuditOptions ReadAudit(SettingReader reader) => new()
    {
        CheckpointFile = reader.Checked("Audit:CheckpointFile", static path => Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))) && !Directory.Exists(path), "the path of a file in a folder that exists"),
        CheckpointWebhook = reader.Checked("Audit:CheckpointWebhook", IsWebhook, "an http or https address without user info"),
        CheckpointSeconds = reader.Number("Audit:CheckpointSeconds", 60, 1, 86_400),
        CheckpointRecords = reader.Number("Audit:CheckpointRecords", 100, 1, 1_000_000),
    };

    // Its path may hold the receiver's token.
    private static ForwardOptions ReadForward(SettingReader reader, List<string> errors)
    {
        var (url, token) = (reader.Text("Audit:ForwardUrl"), reader.Text("Audit:ForwardToken"));
        if (url is not null && !ForwardOptions.IsAddress(url))
        {
            errors.Add("Audit:ForwardUrl is no such address: allowed are https://host/path and syslog+tls://host:port, on loopback also http:// and syslog+tcp://");
            return new ForwardOptions();
        }
        var options = new ForwardOptions { Url = url is null ? null : new Uri(url), Token = token };
        if (token is not null && (url is null || options.IsSyslog)) errors.Add("Audit:ForwardToken is for an Audit:ForwardUrl of https");
        return options;
    }

    private static GatewayOptions ReadGateway(SettingReader reader)
    {
        const int Day = 86_400;
        const long Mebibyte = 1L << 20;
        const long Gibibyte = 1L << 30;
        return new GatewayOptions
        {
            MaxBodyBytes = reader.LongNumber("Gateway:MaxBodyBytes", 32 * Mebibyte, 1_024, Gibibyte),
            MaxUploadBytes = reader.LongNumber("Gateway:MaxUploadBytes", 512 * Mebibyte, 1_024, 64 * Gibibyte),
            DefaultMaxOutputTokens = reader.Number("Gateway:DefaultMaxOutputTokens", 16_384, 1, 10_000_000),
            DefaultToolUses = reader.Number("Gateway:DefaultToolUses", 5, 1, 100),
            ToolAllowance = reader.Number("Gateway:ToolAllowance", 10, 1, 1_000),
            UpstreamTimeoutSeconds = reader.Number("Gateway:UpstreamTimeoutSeconds", 600, 1, Day),
            StreamIdleSeconds = reader.Number("Gateway:StreamIdleSeconds", 600, 1, Day),
            ReservationSeconds = reader.Number("Gateway:ReservationSeconds", 900, 1, 7 * Day),
            BackgroundReservationSeconds = reader.Number("Gateway:BackgroundReservationSeconds", 3_600, 1, 7 * Day),
            BatchReservationSeconds = reader.Number("Gateway:BatchReservationSeconds", 93_600, 1, 30 * Day),
            BatchPollSeconds = reader.Number("Gateway:BatchPollSeconds", 60, 1, Day),
            MaxBatchBytes = reader.LongNumber("Gateway:MaxBatchBytes", 200 * Mebibyte, 1_024, 64 * Gibibyte),
            MaxBatchLines = reader.Number("Gateway:MaxBatchLines", 50_000, 1, 10_000_000),
            DrainSeconds = reader.Number("Gateway:DrainSeconds", 30, 0, 3_600),
            MaxConcurrentPerKey = reader.Number("Gateway:MaxConcurrentPerKey", 10_000, 1, 1_000_000),
            DetachedSeconds = reader.Number("Gateway:DetachedSeconds", 120, 0, Day),
            DetachedBytes = reader.LongNumber("Gateway:DetachedBytes", 64 * Mebibyte, 0, 64 * Gibibyte),
            MaxResponseBytes = reader.LongNumber("Gateway:MaxResponseBytes", Gibibyte, 1_024, 64 * Gibibyte),
            MaxStreamLineBytes = reader.Number("Gateway:MaxStreamLineBytes", 16 << 20, 1_024, 1 << 30),
            AllowPrivateUpstreams = reader.Flag("AllowPrivateUpstreams", false),
            SandboxUrl = reader.Checked("Sandbox:Url", IsHttpUrl, "http://host:port/v1 or https://host:port/v1") is { } url
                ? WithVersion(url)
                : null,
        };
    }

    // As with provider accounts: an address without a path means the usual version prefix.
    private static Uri WithVersion(string url) => new(new Uri(url).AbsolutePath == "/" ? $"{url.TrimEnd('/')}/v1" : url.TrimEnd('/'));

    private static DatabaseTarget Target(string? data, string? database, List<string> errors)
    {
        if (database is null) return DatabaseTarget.Folder(data ?? SpendraOptions.DefaultData);
        try
        {
            return DatabaseTarget.Address(database);
        }
        catch (FormatException e)
        {
            errors.Add($"the database address is wrong: {e.Message}");
            return DatabaseTarget.Folder(SpendraOptions.DefaultData);
        }
    }

    private static bool AreListenUrls(string text) =>
        text.Split(';') is var urls && urls.All(u => u.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && IsListenUrl(u));

    // "*" and "+" stand for every address and are no host name of a URI.
    private static bool IsListenUrl(string url) =>
        IsHttpUrl(url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal));

    // Its query may hold the receiver's token.
    private static bool IsWebhook(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0;

    private static bool IsHttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.Host.Length > 0 && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0;
}
