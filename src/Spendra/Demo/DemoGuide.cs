using Spendra.Cli;

namespace Spendra.Demo;

/// <summary>What to type once the demo is up. Every command works as it stands.</summary>
internal static class DemoGuide
{
    public static Task Show(CommandOutput output, DemoDocument demo, DemoKeys keys, bool isOnServer)
    {
        var spendra = Invocation.OfProcess();
        // An address has a password in it, which nobody needs to see here again.
        var place = isOnServer ? "--database ADDRESS" : $"--data {Invocation.Quoted(demo.Data)}";
        output.Json(demo, CliJson.Default.DemoDocument);
        output.Line($"Spendra demo: the gateway answers at {demo.GatewayUrl}, in front of the sandbox at {demo.SandboxUrl}");
        output.Line($"Keys are in {Path.Combine(demo.Data, DemoKeys.FileName)}. Ada's key: {keys.Of("ada")}");
        output.Line($"The dashboard is at {demo.GatewayUrl}/: sign in as {demo.Email}, password {demo.Password}");
        output.Line("Others to sign in as: niklaus@ (members), jean@ (platform), luca@ (finance), margaret@ (a manager), grace@ (an employee), vera@ (audit), all acme.example, same password.");
        Step("A governed call; the headers say what was reserved and what remains:",
            Curl("ada", "", "", "Hello"));
        Step("The same, streamed:", Curl("ada", "-N ", "\"stream\":true,", "Hello"));
        Step("A refused call, because Grace's budget is tiny:", Curl("grace", "", "", "Hello"));
        Step("Then raise it and call again: in the dashboard open Budgets, grace-tiny, and give it 5 USD.");
        Step("Why, or what a call cost (the id is in x-spendra-request-id" + (isOnServer ? ", ADDRESS is what the demo was given" : "") + "):", $"{spendra} explain REQUEST_ID {place}");
        Step("How the budgets stand, and proof that the ledger agrees with itself:",
            $"{spendra} budgets {place}", $"{spendra} verify {place}");
        output.Line();
        output.Line("Ctrl-C stops the demo; started again, it goes on where it stopped.");
        return Task.CompletedTask;

        void Step(string what, params ReadOnlySpan<string> commands)
        {
            output.Line();
            output.Line(what);
            foreach (var command in commands) output.Line($"  {command}");
        }

        string Curl(string key, string options, string fields, string content) =>
            $"curl -i {options}{demo.GatewayUrl}/v1/chat/completions -H 'Authorization: Bearer {keys.Of(key)}' -H 'Content-Type: application/json' "
            + $"-d '{{\"model\":\"gpt-5.4-mini\",{fields}\"messages\":[{{\"role\":\"user\",\"content\":\"{content}\"}}]}}'";
    }
}
