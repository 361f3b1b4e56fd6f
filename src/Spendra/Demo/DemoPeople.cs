using System.Security.Cryptography;
using Spendra.Cli;
using Spendra.Control.Members;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Demo;

/// <summary>Somebody of each role, to look at the dashboard as. They share a password of this demo alone.</summary>
internal static class DemoPeople
{
    public const string Admin = "ida@acme.example";

    private const int PasswordBytes = 9;

    private static readonly MemberRequest[] People =
    [
        new() { Email = Admin, Name = "Ida Rhodes", Role = "org_admin" },
        new() { Email = "niklaus@acme.example", Name = "Niklaus Wirth", Role = "iam_admin" },
        new() { Email = "jean@acme.example", Name = "Jean Bartik", Role = "platform_admin" },
        new() { Email = "luca@acme.example", Name = "Luca Pacioli", Role = "finance_manager", ApprovalLimit = NanoUsd.FromUsd(100) },
        new() { Email = "margaret@acme.example", Name = "Margaret Hamilton", Role = "manager", Scopes = ["team/ads"], ApprovalLimit = NanoUsd.FromUsd(20) },
        new() { Email = "grace@acme.example", Name = "Grace Hopper", Role = "employee", Scopes = ["employee/grace"], Employee = "employee/grace" },
        new() { Email = "vera@acme.example", Name = "Vera Molnár", Role = "auditor" },
    ];

    /// <summary>Adds those who are not there, all with the password that the demo keeps.</summary>
    public static async Task AddAsync(CommandRun run, string organization, DemoKeys keys)
    {
        if (keys.Password is not null) return;
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes));
        foreach (var person in People)
        {
            var answer = await OperatorMembers.AddAsync(
                run.Database, organization, person with { Password = password }, new ChangeAuthor("demo", "cli"), run.Time, run.Cancel);
            if (answer.Refusal is { } refusal) throw new InvalidOperationException($"the demo's {person.Email} is refused: {refusal}");
        }
        keys.Password = password;
        keys.Save();
    }
}
