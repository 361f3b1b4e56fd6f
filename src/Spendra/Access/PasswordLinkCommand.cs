using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.SignIn;
using Spendra.Governance;

namespace Spendra.Access;

/// <summary>A ticket as <c>--json</c> prints it.</summary>
internal sealed record PasswordLinkDocument(string Email, string Ticket);

/// <summary><c>password-link</c>: lets somebody set a password, the first or another one.</summary>
internal static class PasswordLinkCommand
{
    private static readonly Argument<string> Email = new("email") { Description = "Whose password." };

    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("password-link", "Print a ticket with which somebody sets their password, once and within a day.") { Email };
        command.DoesWithDatabase(environment, RunAsync, mustExist: true);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var email = run.Arguments.GetRequiredValue(Email);
        var ticket = await PasswordLinks.IssueAsync(run.Database, run.Time, email, DeclarationFile.AuthorOf(null), run.Cancel)
            ?? throw new CommandException("user_not_found", $"nobody has the address {email}: make them a member first");
        run.Output.Line(ticket);
        run.Output.Line("Whoever has it sets the password at POST /api/v1/session/password-link. It is good once and for a day, and shown only now.");
        run.Output.Json(new PasswordLinkDocument(email, ticket), CliJson.Default.PasswordLinkDocument);
        return 0;
    }
}
