using System.Collections;
using Spendra.Control.Audit.Forwarding;
using Spendra.Settings;
using Spendra.Telemetry;
using Spendra.Testing;

namespace Spendra.Tests.Settings;

public sealed class TelemetrySettingsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Hashtable _variables = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_is_told_to_anybody_unless_set_on()
    {
        var options = Load();
        options.Telemetry.Should().Be(new TelemetryOptions(), "the defaults of the settings are those of telemetry");
        options.Telemetry.Measures.Should().BeFalse();
        options.AuditForward.Url.Should().BeNull();
        options.Gateway.SendsTraceContext.Should().BeFalse();
        options.Gateway.ScopesLogs.Should().BeFalse("text shows no scopes");
    }

    [Fact]
    public void A_collector_is_told_what_is_chosen()
    {
        _variables["SPENDRA__TELEMETRY__OTLPENDPOINT"] = "https://collector.example:4318/base";
        _variables["SPENDRA__TELEMETRY__OTLPPROTOCOL"] = "grpc";
        _variables["SPENDRA__TELEMETRY__OTLPHEADERS"] = "authorization=Bearer%20the-secret-of-it,x-tenant=a";
        _variables["SPENDRA__TELEMETRY__SIGNALS"] = "traces; metrics";
        _variables["SPENDRA__TELEMETRY__TRACESAMPLERATIO"] = "0.5";
        _variables["SPENDRA__TELEMETRY__SENDTRACECONTEXT"] = "true";

        var options = Load();

        options.Telemetry.Should().Match<TelemetryOptions>(t => t.IsGrpc && t.TraceSampleRatio == 0.5 && t.Sends(Signals.Traces) && t.Measures && !t.Sends(Signals.Logs));
        options.Telemetry.OtlpHeaders!.Reveal().Should().Contain("the-secret-of-it");
        options.ToString().Should().NotContain("the-secret-of-it");
        options.Gateway.SendsTraceContext.Should().BeTrue();
    }

    [Fact]
    public void Wrong_values_are_told_together_and_secrets_never()
    {
        _variables["SPENDRA__TELEMETRY__OTLPENDPOINT"] = "https://user:x@collector.example";
        _variables["SPENDRA__TELEMETRY__OTLPPROTOCOL"] = "udp";
        _variables["SPENDRA__TELEMETRY__OTLPHEADERS"] = "the-secret-of-it";
        _variables["SPENDRA__TELEMETRY__SIGNALS"] = "traces;smoke";
        _variables["SPENDRA__TELEMETRY__TRACESAMPLERATIO"] = "5";
        _variables["SPENDRA__METRICS__TOKEN"] = "short-secret";
        _variables["SPENDRA__AUDIT__FORWARDURL"] = "http://siem.example/the-secret-path";
        var errors = Errors();
        errors.Should().BeEquivalentTo(
            "SPENDRA__TELEMETRY__OTLPENDPOINT is 'https://user:x@collector.example': allowed is an http or https address without user info, query and fragment",
            "SPENDRA__TELEMETRY__OTLPPROTOCOL is 'udp': allowed is http, grpc",
            "Telemetry:OtlpHeaders is not of the form name=value, several separated by ',' (what is in a value otherwise as %2C)",
            "SPENDRA__TELEMETRY__SIGNALS is 'traces;smoke': allowed is traces, metrics and logs, several separated by ';'",
            "SPENDRA__TELEMETRY__TRACESAMPLERATIO is '5': allowed is a number from 0 to 1, such as 0.05",
            "Metrics:Token is no token: at least 16 letters, digits and signs without blanks",
            "Audit:ForwardUrl is no such address: allowed are https://host/path and syslog+tls://host:port, on loopback also http:// and syslog+tcp://");
        string.Join('\n', errors).Should().NotContain("secret-of-it").And.NotContain("short-secret").And.NotContain("secret-path");
    }

    [Fact]
    public void The_token_of_metrics_may_stand_in_a_file()
    {
        File.WriteAllText(_folder.File("token"), "a-token-of-many-letters\n");
        _variables["SPENDRA__METRICS__TOKENFILE"] = _folder.File("token");
        Load().Telemetry.MetricsToken!.Reveal().Should().Be("a-token-of-many-letters");
        _variables["SPENDRA__METRICS__TOKENFILE"] = _folder.File("nowhere");
        Errors().Should().ContainSingle().Which.Should().Contain("cannot be read");
    }

    [Theory]
    [InlineData("https://siem.example/services/collector?channel=1", true)]
    [InlineData("syslog+tls://siem.example:6514", true)]
    [InlineData("syslog+tcp://127.0.0.1:601", true)]
    [InlineData("http://localhost:8088/x", true)]
    [InlineData("syslog+tcp://siem.example:601", false)]
    [InlineData("syslog+tls://siem.example", false)]
    [InlineData("syslog+tls://siem.example:6514/path", false)]
    [InlineData("https://user:secret@siem.example/", false)]
    [InlineData("syslog://siem.example:514", false)]
    public void Audit_records_leave_encrypted_or_stay_on_the_machine(string url, bool isAllowed) => ForwardOptions.IsAddress(url).Should().Be(isAllowed);

    [Fact]
    public void A_token_is_for_https_alone()
    {
        _variables["SPENDRA__AUDIT__FORWARDURL"] = "syslog+tls://siem.example:6514";
        _variables["SPENDRA__AUDIT__FORWARDTOKEN"] = "the-secret-of-it";
        Errors().Should().Equal("Audit:ForwardToken is for an Audit:ForwardUrl of https");
        _variables["SPENDRA__AUDIT__FORWARDURL"] = "https://siem.example/";
        Load().AuditForward.RevealToken().Should().Be("the-secret-of-it");
        Load().AuditForward.ToString().Should().Contain("[redacted]").And.NotContain("the-secret-of-it");
    }

    private SpendraOptions Load() => SettingsLoader.Load(SettingSource.CommandLine(), _variables, _folder.File("spendra.json"));

    private IReadOnlyList<string> Errors() => FluentActions.Invoking(Load).Should().Throw<SettingsException>().Which.Errors;
}
