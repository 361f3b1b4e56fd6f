namespace Spendra.Cli;

/// <summary>
/// A command cannot do what was asked. The message is one line: what happened, then what to do about it.
/// </summary>
/// <param name="code">Stable, for programs: <c>request_not_found</c>.</param>
/// <param name="message">For people.</param>
internal sealed class CommandException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
