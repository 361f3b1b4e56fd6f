using System.CommandLine;
using Spendra.Cli;
using Spendra.Storage.Ledger;

namespace Spendra.Ledger;

/// <summary><c>explain REQUEST_ID</c>: everything about one request, allowed or refused.</summary>
internal static class ExplainCommand
{
    private const string RequestArgument = "request-id";

    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("explain", "Explain one request: who, which rules, what it held, what it cost.")
        {
            new Argument<string>(RequestArgument) { Description = "The id from the response header x-spendra-request-id." },
            CommonOptions.Organization,
        };
        command.DoesWithDatabase(environment, RunAsync, mustExist: true);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var text = run.Arguments.GetValue<string>(RequestArgument)!;
        if (!Guid.TryParse(text, out var id))
        {
            throw new CommandException("request_id_invalid",
                $"'{text}' is not a request id: give the UUID from the response header x-spendra-request-id");
        }
        var organization = await run.FindOrganizationAsync();
        var request = await new RequestQueries(run.Database).ExplainAsync(organization.OrganizationId, id, run.Cancel)
            ?? throw new CommandException("request_not_found",
                $"{organization.Slug} has no request {id}: check the id, --data or --database, and --organization");
        run.Output.Json(request, CliJson.Default.ExplainedRequest);
        if (!run.Output.IsJson) ExplainedView.Show(run.Output, request);
        return 0;
    }
}
