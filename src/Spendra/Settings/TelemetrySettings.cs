using System.Globalization;
using Spendra.Telemetry;

namespace Spendra.Settings;

/// <summary>Reads whom the process tells of itself. Headers and tokens are never repeated in errors.</summary>
internal static class TelemetrySettings
{
    private const int ShortestToken = 16;
    private const string ManySignals = "traces, metrics and logs, several separated by ';'";

    public static TelemetryOptions Read(SettingReader reader, List<string> errors)
    {
        var defaults = new TelemetryOptions();
        var endpoint = reader.Checked("Telemetry:OtlpEndpoint", IsCollector, "an http or https address without user info, query and fragment");
        var ratio = reader.Checked("Telemetry:TraceSampleRatio", text => ReadRatio(text) is not null, "a number from 0 to 1, such as 0.05");
        return defaults with
        {
            OtlpEndpoint = endpoint is null ? null : new Uri(endpoint),
            IsGrpc = reader.Checked("Telemetry:OtlpProtocol", static text => text is "http" or "grpc", "http, grpc") == "grpc",
            OtlpHeaders = ReadHeaders(reader, errors),
            Signals = reader.Checked("Telemetry:Signals", text => ReadSignals(text) is not null, ManySignals) is { } signals ? ReadSignals(signals)!.Value : defaults.Signals,
            TraceSampleRatio = ratio is null ? defaults.TraceSampleRatio : ReadRatio(ratio)!.Value,
            ServiceName = reader.Checked("Telemetry:ServiceName", static text => text.Length <= 100 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'), "letters, digits, '-', '_' and '.', at most 100") ?? defaults.ServiceName,
            SendsTraceContext = reader.Flag("Telemetry:SendTraceContext", false),
            MetricsToken = ReadToken(reader, errors),
        };
    }

    private static Secret? ReadHeaders(SettingReader reader, List<string> errors)
    {
        if (reader.Text("Telemetry:OtlpHeaders") is not { } text) return null;
        if (text.Split(',').All(part => part.IndexOf('=') > 0 && part.All(c => c is >= ' ' and <= '~'))) return new Secret(text);
        errors.Add("Telemetry:OtlpHeaders is not of the form name=value, several separated by ',' (what is in a value otherwise as %2C)");
        return null;
    }

    private static Secret? ReadToken(SettingReader reader, List<string> errors)
    {
        var (token, file) = reader.OneOf("Metrics:Token", "Metrics:TokenFile");
        if (file is not null)
        {
            try
            {
                token = File.ReadAllText(file).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                errors.Add($"Metrics:TokenFile is '{file}': it cannot be read");
                return null;
            }
        }
        if (token is null) return null;
        if (token.Length >= ShortestToken && token.All(c => c is > ' ' and <= '~')) return new Secret(token);
        errors.Add($"{(file is null ? "Metrics:Token" : "the token in Metrics:TokenFile")} is no token: at least {ShortestToken} letters, digits and signs without blanks");
        return null;
    }

    private static Signals? ReadSignals(string text)
    {
        var all = Signals.None;
        foreach (var name in text.Split(';', StringSplitOptions.TrimEntries))
        {
            var signal = name.ToLowerInvariant() switch
            {
                "traces" => Signals.Traces,
                "metrics" => Signals.Metrics,
                "logs" => Signals.Logs,
                _ => Signals.None,
            };
            if (signal == Signals.None) return null;
            all |= signal;
        }
        return all;
    }

    private static double? ReadRatio(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1 ? ratio : null;

    private static bool IsCollector(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && uri is { Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" };
}
