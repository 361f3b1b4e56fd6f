using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Control.Budgets;

namespace Spendra.Ledger;

/// <summary><c>budgets</c>: every budget in its current window.</summary>
internal static class BudgetsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("budgets", "Show every budget in its current window.") { CommonOptions.Organization };
        command.DoesWithDatabase(environment, RunAsync, mustExist: true);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var report = await BudgetReport.ReadAsync(run.Database, organization.OrganizationId, run.NowMicros, run.Cancel);
        run.Output.Json(report, CliJson.Default.BudgetReport);
        if (report.Budgets.Count == 0) run.Output.Line($"{organization.Slug} has no budget yet: declare one and apply it");
        else Show(run.Output, report);
        return 0;
    }

    private static void Show(CommandOutput output, BudgetReport report)
    {
        var table = CommandOutput.NewTable("budget", "scope", "from", "to", "limit USD", "settled", "reserved", "remaining");
        for (var amount = 4; amount < 8; amount++) table.Columns[amount].Alignment = Justify.Right;
        foreach (var budget in report.Budgets)
        {
            table.AddRow(
                CommandOutput.Cell(budget.Slug), CommandOutput.Cell(budget.Scope), CommandOutput.Cell(Shown.Day(budget.WindowStart)),
                CommandOutput.Cell(budget.WindowStart is null ? "no window now" : Shown.Day(budget.WindowEnd) ?? "never ends"),
                CommandOutput.Cell(budget.LimitUsd.ToString()), CommandOutput.Cell(budget.SettledUsd.ToString()),
                CommandOutput.Cell(budget.ReservedUsd.ToString()), CommandOutput.Cell(budget.RemainingUsd.ToString()));
        }
        output.Show(table);
    }
}
