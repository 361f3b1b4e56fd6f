using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Control.Members;
using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Governance;
using Spendra.Storage.Access;

namespace Spendra.Access;

/// <summary>A member as <c>--json</c> prints it.</summary>
internal sealed record MemberDocument(
    string Id, string Email, string Name, string? Role, IReadOnlyList<string> Scopes, NanoUsd? ApprovalLimitUsd, string? Employee)
{
    public static MemberDocument Of(ListedMember member) => new(
        member.Row.MemberId.ToString(), member.Row.Email, member.Row.Name,
        member.Row.Membership.Role is { } role ? MemberRoles.NameOf(role) : null, member.Scopes, member.Row.Membership.ApprovalLimit, member.Employee);
}

internal sealed record MembersDocument(IReadOnlyList<MemberDocument> Members);

/// <summary><c>members add</c>, <c>members list</c>, <c>members remove</c>: for the operator, whom no role binds.</summary>
internal static class MembersCommand
{
    private static readonly Argument<string> Email = new("email") { Description = "The person's e-mail address." };
    private static readonly Option<string> Role = new("--role") { Description = $"One of {string.Join(", ", MemberRoles.All.Select(MemberRoles.NameOf))}.", Required = true };
    private static readonly Option<string[]> Scopes = new("--scope") { Description = "A scope that a manager's or employee's role holds, such as team/search. Repeat for more.", HelpName = "scope" };
    private static readonly Option<string?> Name = new("--name") { Description = "The name of a person who is new here." };
    private static readonly Option<string?> Limit = new("--approval-limit-usd") { Description = "The most that one decision on a request for budget may give." };
    private static readonly Option<string?> Employee = new("--employee") { Description = "The employee that the member is: employee/<slug>." };
    private static readonly Option<bool> Password = new("--password-stdin") { Description = "Read a password for the person from the first line of standard input." };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why, for the audit record." };

    public static Command Create(CommandEnvironment environment)
    {
        var add = new Command("add", "Add a member, or give one who is there this role instead.")
        {
            Email, Role, Scopes, Name, Limit, Employee, Password, Reason, CommonOptions.Organization,
        };
        add.DoesWithDatabase(environment, AddAsync, mustExist: true);
        var list = new Command("list", "List all members.") { CommonOptions.Organization };
        list.DoesWithDatabase(environment, ListAsync, mustExist: true);
        var remove = new Command("remove", "Remove a member, with the member's tokens.") { Email, Reason, CommonOptions.Organization };
        remove.DoesWithDatabase(environment, RemoveAsync, mustExist: true);
        return new Command("members", "Add, list and remove the people who govern.") { add, list, remove };
    }

    private static async Task<int> AddAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var arguments = run.Arguments;
        var request = new MemberRequest
        {
            Email = arguments.GetRequiredValue(Email),
            Name = arguments.GetValue(Name),
            Role = arguments.GetRequiredValue(Role),
            Scopes = arguments.GetValue(Scopes) ?? [],
            ApprovalLimit = Amount(arguments.GetValue(Limit)),
            Employee = arguments.GetValue(Employee),
            Password = arguments.GetValue(Password) ? await run.Environment.Input.ReadLineAsync(run.Cancel) ?? "" : null,
        };
        var answer = await OperatorMembers.AddAsync(run.Database, organization.Slug, request,
            DeclarationFile.AuthorOf(arguments.GetValue(Reason)), run.Time, run.Cancel);
        var member = answer.Value ?? throw new CommandException("member_refused", answer.Refusal!);
        run.Output.Line($"{member.Row.Email} is {request.Role} of {organization.Slug}");
        run.Output.Json(MemberDocument.Of(member), CliJson.Default.MemberDocument);
        return 0;
    }

    private static async Task<int> ListAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var members = await OperatorMembers.ListAsync(run.Database, organization.OrganizationId, run.Cancel);
        run.Output.Json(new MembersDocument([.. members.Select(MemberDocument.Of)]), CliJson.Default.MembersDocument);
        if (members.Count == 0)
        {
            run.Output.Line("there are no members yet: add one with 'spendra members add', or use the setup link that 'spendra serve' prints");
            return 0;
        }
        var table = CommandOutput.NewTable("email", "name", "role", "scopes", "approves up to USD", "employee");
        foreach (var member in members.Select(MemberDocument.Of))
        {
            table.AddRow(CommandOutput.Cell(member.Email), CommandOutput.Cell(member.Name), CommandOutput.Cell(member.Role ?? "(none)"),
                CommandOutput.Cell(string.Join(", ", member.Scopes)), CommandOutput.Cell(member.ApprovalLimitUsd?.ToString()), CommandOutput.Cell(member.Employee));
        }
        run.Output.Show(table);
        return 0;
    }

    private static async Task<int> RemoveAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var answer = await OperatorMembers.RemoveAsync(run.Database, organization.Slug, run.Arguments.GetRequiredValue(Email),
            DeclarationFile.AuthorOf(run.Arguments.GetValue(Reason)), run.Time, run.Cancel);
        var member = answer.Value ?? throw new CommandException("member_not_found", answer.Refusal!);
        run.Output.Line($"{member.Row.Email} is no member of {organization.Slug} any more, and every token of theirs is revoked");
        run.Output.Json(MemberDocument.Of(member), CliJson.Default.MemberDocument);
        return 0;
    }

    private static NanoUsd? Amount(string? text)
    {
        if (text is null) return null;
        if (NanoUsd.TryParse(text, out var amount) && !amount.IsNegative) return amount;
        throw new CommandException("usage", "--approval-limit-usd is not an amount in USD: expected for example 250");
    }
}
