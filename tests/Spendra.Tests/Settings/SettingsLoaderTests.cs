using System.Collections;
using Spendra.Control.Alerts;
using Spendra.Control.Catalog;
using Spendra.Control.Exports;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Retention;
using Spendra.Testing;

namespace Spendra.Tests.Settings;

public sealed class SettingsLoaderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Hashtable _variables = [];
    private readonly SettingSource _commandLine = SettingSource.CommandLine();

    private string FilePath => _folder.File("spendra.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_configured_is_a_loopback_server_with_a_data_folder()
    {
        var options = Load();
        options.Urls.Should().Be("http://127.0.0.1:8080");
        options.Data.Should().Be("./spendra-data");
        options.Database.Engine.Should().Be(DatabaseEngine.Sqlite);
        options.Role.Should().Be(Role.All);
        options.MasterKey.Should().BeNull();
        options.Gateway.Should().Be(new Gateway.GatewayOptions(), "the defaults of the settings are those of the gateway");
    }

    [Fact]
    public void Command_line_is_stronger_than_environment_and_environment_than_file()
    {
        File.WriteAllText(FilePath, """{ "Urls": "http://127.0.0.1:1", "Role": "worker", "Gateway": { "DrainSeconds": 1 } } // fine""");
        _variables["SPENDRA__URLS"] = "http://127.0.0.1:2";
        _variables["SPENDRA__ROLE"] = "gateway";
        _commandLine.Set("Urls", "http://127.0.0.1:3");
        var options = Load();
        options.Urls.Should().Be("http://127.0.0.1:3");
        options.Role.Should().Be(Role.Gateway);
        options.Gateway.DrainSeconds.Should().Be(1);
    }

    [Fact]
    public void New_prices_are_looked_for_on_a_schedule_only()
    {
        Load().Catalog.Should().Be(new CatalogOptions());
        _variables["SPENDRA__CATALOG__SYNC"] = "0 5 * * *";
        _variables["SPENDRA__CATALOG__FROM"] = "openrouter;https://prices.example/list.csv";
        _variables["SPENDRA__ALLOWPRIVATEUPSTREAMS"] = "true";
        Load().Catalog.Should().Be(new CatalogOptions { Schedule = "0 5 * * *", From = "openrouter;https://prices.example/list.csv", AllowInside = true });
        _variables["SPENDRA__CATALOG__SYNC"] = "daily";
        _variables["SPENDRA__CATALOG__FROM"] = "catalog;/etc/prices";
        Errors().Should().BeEquivalentTo(
            "SPENDRA__CATALOG__SYNC is 'daily': allowed is a cron expression of five fields in UTC, such as '0 5 * * *'",
            "SPENDRA__CATALOG__FROM is 'catalog;/etc/prices': allowed is openrouter, catalog or an https address, several separated by ';'");
    }

    [Fact]
    public void Exports_go_to_a_folder_or_a_bucket()
    {
        Load().Exports.Should().Be(new ExportOptions(), "the defaults of the settings are those of exports");
        _variables["SPENDRA__EXPORTS__BUCKET"] = "books";
        _variables["SPENDRA__EXPORTS__BUCKETENDPOINT"] = "http://10.0.0.9:9000";
        _variables["SPENDRA__EXPORTS__BUCKETPREFIX"] = "/spendra/prod/";
        _variables["SPENDRA__EXPORTS__BUCKETKEYID"] = "AKIA1";
        _variables["SPENDRA__EXPORTS__BUCKETSECRET"] = "the-secret-of-it";
        var exports = Load().Exports;
        exports.Should().Match<ExportOptions>(e => e.Bucket == "books" && e.BucketPrefix == "spendra/prod" && e.Folder == null && e.HasPlace);
        exports.Connection.Should().Match<BucketConnection>(c => c.IsPathStyle && c.Region == "us-east-1" && c.Endpoint == new Uri("http://10.0.0.9:9000"));
        exports.Connection.Credentials!.Reveal().Should().Be("the-secret-of-it");
        exports.ToString().Should().NotContain("the-secret-of-it").And.Contain("[redacted]");
        _variables["SPENDRA__EXPORTS__BUCKETPATHSTYLE"] = "false";
        Load().Exports.Connection.IsPathStyle.Should().BeFalse();

        _variables["SPENDRA__EXPORTS__FOLDER"] = _folder.Path;
        _variables["SPENDRA__EXPORTS__BUCKET"] = "s3://books";
        _variables["SPENDRA__EXPORTS__BUCKETENDPOINT"] = "https://minio.example/books?x=1";
        _variables["SPENDRA__EXPORTS__BUCKETPREFIX"] = "a//b";
        _variables.Remove("SPENDRA__EXPORTS__BUCKETKEYID");
        var errors = Errors();
        errors.Should().HaveCount(5).And.NotContain(e => e.Contains("the-secret-of-it", StringComparison.Ordinal));
        errors.Should().ContainMatch("SPENDRA__EXPORTS__FOLDER and SPENDRA__EXPORTS__BUCKET exclude each other: keep one")
            .And.ContainMatch("Exports:Bucket is 's3://books': allowed is the name of a bucket*")
            .And.ContainMatch("SPENDRA__EXPORTS__BUCKETENDPOINT is *: allowed is an http or https address*")
            .And.ContainMatch("SPENDRA__EXPORTS__BUCKETPREFIX is 'a//b'*")
            .And.ContainMatch("Exports:BucketKeyId and Exports:BucketSecret belong together: set both or none");
    }

    [Fact]
    public void Variables_that_hold_credentials_are_listed_for_each_organization()
    {
        Load().Control.CredentialVariables.Complaint("acme", "OPENAI_API_KEY").Should().Contain("Credentials:Variables:acme");
        File.WriteAllText(FilePath, """{ "Credentials": { "Variables": { "my-co": "OPENAI_API_KEY; OTHER_KEY", "acme": "FILE_KEY" } } }""");
        _variables["SPENDRA__CREDENTIALS__VARIABLES__ACME"] = "*";
        var variables = Load().Control.CredentialVariables;
        variables.Complaint("acme", "ANYTHING").Should().BeNull();
        variables.Complaint("my-co", "OTHER_KEY").Should().BeNull();
        variables.Complaint("my-co", "FILE_KEY").Should().NotBeNull();
        variables.Complaint("third", "OTHER_KEY").Should().NotBeNull();
        _variables["SPENDRA__CREDENTIALS__VARIABLES__ACME"] = "A;SPENDRA__MASTERKEY";
        Errors().Should().ContainSingle().Which.Should().StartWith("Credentials:Variables:ACME: 'SPENDRA__MASTERKEY' names a setting of Spendra itself");
    }

    [Fact]
    public void Channels_for_alerts_stay_outside_unless_it_is_said()
    {
        Load().Alerts.Should().Be(new AlertOptions(), "the defaults of the settings are those of alerts");
        _variables["SPENDRA__ALLOWPRIVATEUPSTREAMS"] = "true";
        Load().Alerts.AllowInside.Should().BeTrue();
        _variables["SPENDRA__ALERTS__ALLOWPRIVATECHANNELS"] = "false";
        _variables["SPENDRA__ALERTS__LOOKSECONDS"] = "5";
        _variables["SPENDRA__ALERTS__ATTEMPTSECONDS"] = "20";
        _variables["SPENDRA__ALERTS__CATALOGSTALEDAYS"] = "0";
        Load().Alerts.Should().Be(new AlertOptions { LookInterval = TimeSpan.FromSeconds(5), AttemptLimit = TimeSpan.FromSeconds(20), CatalogStaleDays = 0 });
    }

    [Fact]
    public void Old_detail_is_kept_as_long_as_it_is_said_or_for_ever()
    {
        Load().Retention.Should().Be(new RetentionLimits(), "the defaults of the settings are those of retention");
        _variables["SPENDRA__RETENTION__HOURLYROLLUPMONTHS"] = "0";
        _variables["SPENDRA__RETENTION__DELIVERYMONTHS"] = "3";
        _variables["SPENDRA__RETENTION__EXPORTMONTHS"] = "4";
        _variables["SPENDRA__RETENTION__REPLACEDBILLMONTHS"] = "120";
        _variables["SPENDRA__RETENTION__RECEIPTDAYS"] = "7";
        Load().Retention.Should().Be(new RetentionLimits { HourlyRollupMonths = 0, DeliveryMonths = 3, ExportMonths = 4, ReplacedBillMonths = 120, ReceiptDays = 7 });
        _variables["SPENDRA__RETENTION__HOURLYROLLUPMONTHS"] = "-1";
        _variables["SPENDRA__RETENTION__LEDGERMONTHS"] = "12";
        Errors().Should().BeEquivalentTo(
            "SPENDRA__RETENTION__HOURLYROLLUPMONTHS is '-1': allowed is a whole number from 0 to 1200",
            "SPENDRA__RETENTION__LEDGERMONTHS is not a setting: allowed are Retention:DeliveryMonths, Retention:ExportMonths, Retention:HourlyRollupMonths, Retention:ReceiptDays, Retention:ReplacedBillMonths");
    }

    [Theory]
    [InlineData("9.9.9.9", "9.9.9.9:53")]
    [InlineData("127.0.0.1:5353", "127.0.0.1:5353")]
    [InlineData("[::1]:5353", "[::1]:5353")]
    public void Domains_are_looked_up_where_it_is_said(string setting, string resolver)
    {
        Load().Domains.Resolver.Should().BeNull("the operating system knows resolvers");
        _variables["SPENDRA__DOMAINS__RESOLVER"] = setting;
        Load().Domains.Resolver.Should().Be(System.Net.IPEndPoint.Parse(resolver));
        _variables["SPENDRA__DOMAINS__RESOLVER"] = "dns.example";
        Errors().Should().Equal("SPENDRA__DOMAINS__RESOLVER is 'dns.example': allowed is the address of a resolver, such as 9.9.9.9 or 127.0.0.1:5353");
    }

    [Fact]
    public void A_data_folder_on_the_command_line_beats_a_configured_database()
    {
        _variables["SPENDRA__DATABASE"] = "postgres://localhost/spendra";
        Load().Database.Engine.Should().Be(DatabaseEngine.Postgres);
        _commandLine.Set("Data", _folder.Path);
        Load().Database.Engine.Should().Be(DatabaseEngine.Sqlite);
    }

    [Fact]
    public void All_errors_are_reported_together_and_say_what_is_allowed()
    {
        File.WriteAllText(FilePath, """{ "Gatway": { "DrainSeconds": 1 }, "Urls": ["http://a", "http://b"] }""");
        _variables["SPENDRA__GATEWAY__MAXBODYBYTES"] = "12";
        _variables["SPENDRA__LOG__LEVEL"] = "loud";
        _variables["SPENDRA__SWEEP__INTERVAL"] = "1";
        _variables["SPENDRA__LOG__JSON"] = "yes";
        _commandLine.Set("Role", "king");
        Errors().Should().BeEquivalentTo(
            $"Urls in {FilePath} is a list: write one value; several URLs are separated by ';'",
            "--role is 'king': allowed is all, gateway, control, worker",
            "SPENDRA__GATEWAY__MAXBODYBYTES is '12': allowed is a whole number from 1024 to 1073741824",
            "SPENDRA__LOG__LEVEL is 'loud': allowed is trace, debug, information, warning, error",
            "SPENDRA__LOG__JSON is 'yes': allowed is true or false",
            "SPENDRA__SWEEP__INTERVAL is not a setting: allowed are Sweep:GatewayLeaseSeconds, Sweep:IntervalMs",
            Errors().Single(e => e.StartsWith($"Gatway:DrainSeconds in {FilePath} is not a setting: allowed are", StringComparison.Ordinal)));
    }

    [Fact]
    public void Data_and_database_from_one_place_exclude_each_other()
    {
        _commandLine.Set("Data", _folder.Path);
        _commandLine.Set("Database", "postgres://localhost/spendra");
        Errors().Should().Equal("--data and --database exclude each other: keep one");
    }

    [Fact]
    public void Malformed_json_is_reported_with_file_and_position()
    {
        File.WriteAllText(FilePath, "{\n  \"Urls\": oops\n}");
        Errors().Should().ContainSingle().Which.Should().StartWith($"{FilePath} is not valid JSON at line 2, column 11: ");
    }

    [Theory]
    [InlineData("https://127.0.0.1:8080")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("http://")]
    [InlineData("http://a;ftp://b")]
    public void An_address_that_cannot_be_listened_on_is_refused(string urls)
    {
        _variables["SPENDRA__URLS"] = urls;
        Errors().Should().ContainSingle().Which.Should().StartWith($"SPENDRA__URLS is '{urls}': allowed is http://host:port");
    }

    [Theory]
    [InlineData("http://*:8080")]
    [InlineData("http://0.0.0.0:8080;http://[::1]:9090")]
    public void Every_usual_address_may_be_listened_on(string urls)
    {
        _variables["SPENDRA__URLS"] = urls;
        Load().Urls.Should().Be(urls);
    }

    [Fact]
    public void The_master_key_is_in_no_text()
    {
        _variables["SPENDRA__MASTERKEY"] = "hush";
        var options = Load();
        options.MasterKey!.Reveal().Should().Be("hush");
        options.ToString().Should().NotContain("hush").And.Contain("[redacted]");
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", null, true)]
    [InlineData("http://127.0.0.1:8080;http://localhost:1", null, true)]
    [InlineData("http://127.0.0.1:8080;http://0.0.0.0:1", null, false)]
    [InlineData("http://*:8080", null, false)]
    [InlineData("http://*:8080", "http://localhost:8080", true)]
    [InlineData("http://127.0.0.1:8080", "https://spend.acme.example", false)]
    public void Cookies_are_secure_unless_everything_is_loopback(string urls, string? publicUrl, bool isPlain)
    {
        _variables["SPENDRA__URLS"] = urls;
        _variables["SPENDRA__CONTROL__PUBLICURL"] = publicUrl ?? "";
        Load().Control.IsPlainHttp.Should().Be(isPlain);
    }

    [Theory]
    [InlineData("http://spend.acme.example")]
    [InlineData("https://spend.acme.example/path")]
    [InlineData("https://user@spend.acme.example")]
    [InlineData("spend.acme.example")]
    public void A_public_address_that_cookies_are_not_safe_at_is_refused(string url)
    {
        _variables["SPENDRA__CONTROL__PUBLICURL"] = url;
        Errors().Should().Equal($"SPENDRA__CONTROL__PUBLICURL is '{url}': allowed is https://host, or http:// on loopback; without a path");
    }

    [Fact]
    public void Other_issuers_are_read_whole_and_say_no_secret()
    {
        _variables["SPENDRA__OIDC__AUTHORITY"] = "https://login.acme.example/tenant";
        _variables["SPENDRA__OIDC__CLIENTID"] = "spendra";
        _variables["SPENDRA__OIDC__CLIENTSECRET"] = "hush-hush";
        _variables["SPENDRA__OIDC__SCOPES"] = "groups offline";
        _variables["SPENDRA__JWT__ISSUER"] = "https://x.supabase.co/auth/v1";
        _variables["SPENDRA__JWT__AUDIENCE"] = "authenticated";
        _variables["SPENDRA__JWT__SECRET"] = "hush-hush-hush-hush-hush-hush-hush";
        _variables["SPENDRA__CONTROL__TRUSTEDPROXIES"] = "10.0.0.0/8;192.0.2.7";

        var options = Load();

        options.Control.Oidc!.Scopes.Should().Equal("groups", "offline");
        options.Control.Jwt!.Secret.Should().StartWith("hush");
        options.Control.TrustedProxies.Select(n => n.ToString()).Should().Equal("10.0.0.0/8", "192.0.2.7/32");
        options.ToString().Should().NotContain("hush");
    }

    [Fact]
    public void Half_an_issuer_is_refused_without_its_secret()
    {
        _variables["SPENDRA__OIDC__AUTHORITY"] = "http://login.acme.example";
        _variables["SPENDRA__OIDC__CLIENTSECRET"] = "hush";
        _variables["SPENDRA__JWT__ISSUER"] = "https://x.supabase.co/auth/v1";
        _variables["SPENDRA__JWT__AUDIENCE"] = "authenticated";
        _variables["SPENDRA__JWT__SECRET"] = "hush";
        _variables["SPENDRA__CONTROL__TRUSTEDPROXIES"] = "everybody";

        Errors().Should().BeEquivalentTo(
            "SPENDRA__CONTROL__TRUSTEDPROXIES is 'everybody': allowed is addresses or networks such as 10.0.0.0/8, several separated by ';'",
            "SPENDRA__OIDC__AUTHORITY is 'http://login.acme.example': allowed is https://host/path, or http:// on loopback",
            "Oidc:Authority, Oidc:ClientId and Oidc:ClientSecret belong together: set all three or none",
            "Jwt:Secret is too short: HS256 needs at least 32 characters");
    }

    [Fact]
    public void An_empty_variable_counts_as_not_set()
    {
        _variables["SPENDRA__DATABASE"] = "";
        Load().Database.Engine.Should().Be(DatabaseEngine.Sqlite);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9", "http://127.0.0.1:9/v1")]
    [InlineData("http://127.0.0.1:9/v1/", "http://127.0.0.1:9/v1")]
    public void A_sandbox_address_ends_with_the_version(string url, string expected)
    {
        _variables["SPENDRA__SANDBOX__URL"] = url;
        Load().Gateway.SandboxUrl.Should().Be(new Uri(expected));
    }

    private SpendraOptions Load() => SettingsLoader.Load(_commandLine, _variables, FilePath);

    private IReadOnlyList<string> Errors() => FluentActions.Invoking(Load).Should().Throw<SettingsException>().Which.Errors;
}
