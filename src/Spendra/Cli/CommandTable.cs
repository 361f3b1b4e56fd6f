using System.CommandLine;
using System.CommandLine.Help;
using Spendra.Access;
using Spendra.Audit;
using Spendra.Demo;
using Spendra.Exports;
using Spendra.Governance;
using Spendra.Hosting;
using Spendra.Ledger;
using Spendra.Reports;
using Spendra.Pricing;
using Spendra.Reconciliation;

namespace Spendra.Cli;

/// <summary>Every command, in the order in which help lists them.</summary>
internal static class CommandTable
{
    public static RootCommand CreateRoot(CommandEnvironment environment)
    {
        var root = new RootCommand("Spendra governs what AI calls may cost: budgets first, then the provider.")
        {
            CommonOptions.Json,
            DemoCommand.Create(environment),
            ServeCommand.Create(environment),
            SandboxCommand.Create(environment),
            PlanCommand.Create(environment),
            ApplyCommand.Create(environment),
            KeysCommand.Create(environment),
            MembersCommand.Create(environment),
            TokensCommand.Create(environment),
            PasswordLinkCommand.Create(environment),
            PricesCommand.Create(environment),
            ReconcileCommand.Create(environment),
            BudgetsCommand.Create(environment),
            ReservationsCommand.Create(environment),
            ExplainCommand.Create(environment),
            VerifyCommand.Create(environment),
            RollupsCommand.Create(environment),
            ExportCommand.Create(environment),
            AuditCommand.Create(environment),
            MigrateCommand.Create(environment),
        };
        root.SetAction(parse => new HelpAction().Invoke(parse));
        return root;
    }
}
