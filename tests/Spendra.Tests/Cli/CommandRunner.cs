using System.Collections;
using Spendra.Cli;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

/// <summary>Runs commands in this process, in a data folder of their own.</summary>
internal sealed class CommandRunner : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Data => _folder.File("data");

    public Hashtable Variables { get; } = [];

    public async Task<Ran> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var code = await SpendraProgram.RunAsync(arguments, new CommandEnvironment
        {
            Output = output,
            Error = error,
            Input = TextReader.Null,
            Variables = Variables,
            Time = TimeProvider.System,
            Stop = TestContext.Current.CancellationToken,
            SettingsFilePath = _folder.File("spendra.json"),
        });
        return new Ran(code, output.ToString(), error.ToString());
    }

    public Task<Ran> RunOnDataAsync(params string[] arguments) => RunAsync([.. arguments, "--data", Data]);

    public void Dispose() => _folder.Dispose();
}

internal sealed record Ran(int Code, string Output, string Error);
