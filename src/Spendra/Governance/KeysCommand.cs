using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Governance;

/// <summary>A key as <c>--json</c> prints it; times are ISO 8601 in UTC.</summary>
internal sealed record KeyDocument(
    string Slug, string Id, string Mode, string Actor, string? Project, string? Environment, NanoUsd? MaxRequestUsd,
    string? ExpiresAt, string CreatedAt, string CreatedBy, string? RevokedAt)
{
    public static KeyDocument Of(ListedKey key) => new(
        key.Slug, key.Id, key.Mode == KeyMode.Live ? "live" : "test", key.Actor, key.Project, key.Environment, key.MaxRequest,
        Text(key.ExpiresAt), InstantText.Of(key.CreatedAt), key.CreatedBy, Text(key.RevokedAt));

    private static string? Text(long? micros) => micros is { } at ? InstantText.Of(at) : null;
}

internal sealed record KeysDocument(IReadOnlyList<KeyDocument> Keys);

/// <summary><c>keys create</c>, <c>keys list</c>, <c>keys revoke</c>.</summary>
internal static class KeysCommand
{
    private static readonly Argument<string> Slug = new("slug") { Description = "The new key's name; used once." };
    private static readonly Argument<string> Key = new("key") { Description = "The key's slug or its id from the list." };
    private static readonly Option<bool> Test = new("--test") { Description = "A test key: reaches only the sandbox and spends nothing." };
    private static readonly Option<string> Actor = new("--actor") { Description = "employee/<slug>, agent/<slug> or subagent/<slug>.", Required = true };
    private static readonly Option<string?> Project = new("--project") { Description = "The project that its traffic belongs to." };
    private static readonly Option<string[]> Providers = Names("--provider", "A provider it may use. Repeat for more. Default: any.");
    private static readonly Option<string[]> Models = Names("--model", "A model it may use. Repeat for more. Default: any.");
    private static readonly Option<string[]> Tools = Names("--tool", "A server-side tool it may use. Repeat for more. Default: none.");
    private static readonly Option<string?> Label = new("--environment") { Description = "The label of its traffic, such as production." };
    private static readonly Option<string?> MaxRequest = new("--max-request-usd") { Description = "The most that one request may cost." };
    private static readonly Option<string?> Expires = new("--expires") { Description = "ISO 8601 with an offset, such as 2026-12-31T18:00:00Z." };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why, for the audit record." };

    public static Command Create(CommandEnvironment environment)
    {
        var create = new Command("create", "Make a key and print its secret once.")
        {
            Slug, Actor, Test, Project, Providers, Models, Tools, Label, MaxRequest, Expires, Reason, CommonOptions.Organization,
        };
        create.DoesWithDatabase(environment, CreateAsync, mustExist: true);
        var list = new Command("list", "List all keys, revoked ones included.") { CommonOptions.Organization };
        list.DoesWithDatabase(environment, ListAsync, mustExist: true);
        var revoke = new Command("revoke", "Revoke a key for good.") { Key, Reason, CommonOptions.Organization };
        revoke.DoesWithDatabase(environment, RevokeAsync, mustExist: true);
        return new Command("keys", "Make, list and revoke scoped keys.") { create, list, revoke };
    }

    private static async Task<int> CreateAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var arguments = run.Arguments;
        var request = new KeyRequest
        {
            Slug = arguments.GetRequiredValue(Slug),
            Mode = arguments.GetValue(Test) ? KeyMode.Test : KeyMode.Live,
            Actor = arguments.GetRequiredValue(Actor),
            Project = arguments.GetValue(Project),
            Providers = Given(arguments.GetValue(Providers)),
            Models = Given(arguments.GetValue(Models)),
            Tools = Given(arguments.GetValue(Tools)),
            Environment = arguments.GetValue(Label),
            MaxRequest = Amount(arguments.GetValue(MaxRequest)),
            ExpiresAt = Instant(arguments.GetValue(Expires)),
        };
        var masterKey = await DeclarationFile.MasterKeyAsync(run);
        var outcome = await KeyIssuer.CreateAsync(run.Database, masterKey, organization.Slug, request,
            DeclarationFile.AuthorOf(arguments.GetValue(Reason)), run.Cancel);
        var issued = ValueOf(outcome, "key_refused");
        run.Output.Line($"{issued.Slug}  {issued.Secret}");
        run.Output.Line("The secret is shown only now.");
        run.Output.Json(IssuedKeyDocument.Of(issued), CliJson.Default.IssuedKeyDocument);
        return 0;
    }

    private static async Task<int> ListAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var keys = await KeyIssuer.ListAsync(run.Database, organization.Slug, run.Cancel) ?? [];
        run.Output.Json(new KeysDocument([.. keys.Select(KeyDocument.Of)]), CliJson.Default.KeysDocument);
        if (keys.Count == 0)
        {
            run.Output.Line("there are no keys yet: declare some, or make one with 'spendra keys create'");
            return 0;
        }
        var table = CommandOutput.NewTable("slug", "id", "actor", "project", "environment", "max USD", "state");
        foreach (var key in keys)
        {
            table.AddRow(CommandOutput.Cell(key.Slug), CommandOutput.Cell(key.Id), CommandOutput.Cell(key.Actor),
                CommandOutput.Cell(key.Project), CommandOutput.Cell(key.Environment), CommandOutput.Cell(key.MaxRequest?.ToString()),
                CommandOutput.Cell(State(key, run.NowMicros)));
        }
        run.Output.Show(table);
        return 0;
    }

    private static async Task<int> RevokeAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var outcome = await KeyIssuer.RevokeAsync(run.Database, organization.Slug, run.Arguments.GetRequiredValue(Key),
            DeclarationFile.AuthorOf(run.Arguments.GetValue(Reason)), run.Cancel);
        var revoked = ValueOf(outcome, "key_not_found");
        run.Output.Line($"{revoked.Slug} is revoked since {InstantText.Of(revoked.RevokedAt!.Value)}: every gateway refuses it from now on");
        run.Output.Json(KeyDocument.Of(revoked), CliJson.Default.KeyDocument);
        return 0;
    }

    private static string State(ListedKey key, long nowMicros)
    {
        if (key.RevokedAt is { } revoked) return $"revoked {InstantText.Of(revoked)}";
        if (key.ExpiresAt is not { } expiry) return "active";
        return expiry > nowMicros ? $"active until {InstantText.Of(expiry)}" : $"expired {InstantText.Of(expiry)}";
    }

    private static T ValueOf<T>(KeyOutcome<T> outcome, string code) where T : class =>
        outcome.Value ?? throw new CommandException(code, outcome.Refusal!.Message);

    private static NanoUsd? Amount(string? text)
    {
        if (text is null) return null;
        if (NanoUsd.TryParse(text, out var amount) && !amount.IsNegative) return amount;
        throw new CommandException("usage", "--max-request-usd is not an amount in USD: expected for example 0.25");
    }

    private static long? Instant(string? text)
    {
        if (text is null) return null;
        if (InstantText.TryParse(text, out var micros)) return micros;
        throw new CommandException("usage", "--expires is not a time with an offset: expected for example 2026-12-31T18:00:00Z");
    }

    private static string[]? Given(string[]? names) => names is { Length: > 0 } ? names : null;

    private static Option<string[]> Names(string name, string description) => new(name) { Description = description, HelpName = "name" };
}
