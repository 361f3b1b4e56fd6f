using System.CommandLine;
using Spendra.Proof.Worlds;

namespace Spendra.Proof.Failover;

/// <summary><c>company</c>: prints the company that every proof governs, for <c>spendra apply</c>.</summary>
internal static class CompanyCommand
{
    public static Command Create()
    {
        var provider = new Option<string>("--provider") { Description = "Where its provider is.", Required = true };
        var cap = new Option<string>("--carls-cap") { Description = "In USD: reached in the course of a run.", Required = true };
        var command = new Command("company", "Print the company's declaration. Called by proof/failover.sh.") { provider, cap };
        command.SetAction(arguments => Console.Out.Write(Company.Declaration("acme", new Uri(arguments.GetValue(provider)!), carlsCap: arguments.GetValue(cap)!)));
        return command;
    }
}
