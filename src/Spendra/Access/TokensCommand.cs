using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Control.Members;
using Spendra.Core.Keys;
using Spendra.Governance;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Keys;

namespace Spendra.Access;

/// <summary>A token as <c>--json</c> prints it; times are ISO 8601 in UTC.</summary>
internal sealed record TokenDocument(
    string Id, string Name, string Member, IReadOnlyList<string> Capabilities, string CreatedAt, string ExpiresAt, string? LastUsedAt, string? RevokedAt)
{
    public static TokenDocument Of(ListedToken token) => new(
        AccessToken.DisplayName(token.Row.TokenId), token.Row.Name, token.Email, [.. token.Row.Capabilities.Select(Core.Access.Capabilities.NameOf)],
        InstantText.Of(token.Row.CreatedAt), InstantText.Of(token.Row.ExpiresAt), Text(token.Row.LastUsedAt), Text(token.Row.RevokedAt));

    private static string? Text(long? micros) => micros is { } at ? InstantText.Of(at) : null;
}

internal sealed record TokensDocument(IReadOnlyList<TokenDocument> Tokens);

/// <summary>A new token; the secret is shown only here.</summary>
internal sealed record IssuedTokenDocument(string Id, string Name, string ExpiresAt, string Secret)
{
    public static IssuedTokenDocument Of(IssuedToken issued) => new(issued.Id, issued.Row.Name, InstantText.Of(issued.Row.ExpiresAt), issued.Secret);
}

/// <summary><c>tokens create</c>, <c>tokens list</c>, <c>tokens revoke</c>: personal access tokens, for the operator.</summary>
internal static class TokensCommand
{
    private static readonly Argument<string> Name = new("name") { Description = "What the token is for, as people write it." };
    private static readonly Argument<string> Token = new("token") { Description = "The token's id from the list." };
    private static readonly Option<string> Member = new("--member") { Description = "The e-mail address of the member in whose name it acts.", Required = true };
    private static readonly Option<string[]> Given = new("--capability") { Description = "A capability of the member's that it has. Repeat for more. Default: all of them.", HelpName = "name" };
    private static readonly Option<int?> Days = new("--days") { Description = "How long it lives: 1 to 365 days. Default: 90" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why, for the audit record." };

    public static Command Create(CommandEnvironment environment)
    {
        var create = new Command("create", "Make a personal access token and print it once.") { Name, Member, Given, Days, Reason, CommonOptions.Organization };
        create.DoesWithDatabase(environment, CreateAsync, mustExist: true);
        var list = new Command("list", "List all personal access tokens, revoked ones included.") { CommonOptions.Organization };
        list.DoesWithDatabase(environment, ListAsync, mustExist: true);
        var revoke = new Command("revoke", "Revoke a personal access token for good.") { Token, Reason, CommonOptions.Organization };
        revoke.DoesWithDatabase(environment, RevokeAsync, mustExist: true);
        return new Command("tokens", "Make, list and revoke personal access tokens of the management API.") { create, list, revoke };
    }

    private static async Task<int> CreateAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var arguments = run.Arguments;
        var request = new TokenRequest
        {
            Name = arguments.GetRequiredValue(Name),
            Email = arguments.GetRequiredValue(Member),
            Capabilities = arguments.GetValue(Given) is { Length: > 0 } names ? names : null,
            Days = arguments.GetValue(Days),
        };
        var masterKey = await DeclarationFile.MasterKeyAsync(run);
        var answer = await OperatorTokens.CreateAsync(run.Database, masterKey, organization.Slug, request,
            DeclarationFile.AuthorOf(arguments.GetValue(Reason)), run.Time, run.Cancel);
        var issued = answer.Value ?? throw new CommandException("token_refused", answer.Refusal!);
        run.Output.Line($"{issued.Row.Name}  {issued.Secret}");
        run.Output.Line("The token is shown only now.");
        run.Output.Json(IssuedTokenDocument.Of(issued), CliJson.Default.IssuedTokenDocument);
        return 0;
    }

    private static async Task<int> ListAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var tokens = await OperatorTokens.ListAsync(run.Database, organization.OrganizationId, run.Cancel);
        run.Output.Json(new TokensDocument([.. tokens.Select(TokenDocument.Of)]), CliJson.Default.TokensDocument);
        if (tokens.Count == 0)
        {
            run.Output.Line("there are no tokens yet: make one with 'spendra tokens create'");
            return 0;
        }
        var table = CommandOutput.NewTable("id", "name", "member", "last used", "state");
        foreach (var token in tokens)
        {
            table.AddRow(CommandOutput.Cell(AccessToken.DisplayName(token.Row.TokenId)), CommandOutput.Cell(token.Row.Name), CommandOutput.Cell(token.Email),
                CommandOutput.Cell(token.Row.LastUsedAt is { } used ? InstantText.Of(used) : "never"), CommandOutput.Cell(State(token.Row, run.NowMicros)));
        }
        run.Output.Show(table);
        return 0;
    }

    private static async Task<int> RevokeAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var answer = await OperatorTokens.RevokeAsync(run.Database, organization.Slug, run.Arguments.GetRequiredValue(Token),
            DeclarationFile.AuthorOf(run.Arguments.GetValue(Reason)), run.Time, run.Cancel);
        var revoked = answer.Value ?? throw new CommandException("token_not_found", answer.Refusal!);
        run.Output.Line($"{revoked.Row.Name} is revoked since {InstantText.Of(revoked.Row.RevokedAt!.Value)}");
        run.Output.Json(TokenDocument.Of(revoked), CliJson.Default.TokenDocument);
        return 0;
    }

    private static string State(AccessTokenRow row, long nowMicros)
    {
        if (row.RevokedAt is { } revoked) return $"revoked {InstantText.Of(revoked)}";
        return row.ExpiresAt > nowMicros ? $"live until {InstantText.Of(row.ExpiresAt)}" : $"expired {InstantText.Of(row.ExpiresAt)}";
    }
}
