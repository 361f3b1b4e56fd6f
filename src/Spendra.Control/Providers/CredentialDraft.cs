using Spendra.Control.Dashboard;

namespace Spendra.Control.Providers;

/// <summary>A credential as it is typed: never shown again.</summary>
public sealed class CredentialDraft
{
    public const string ByValue = "value";
    public const string ByVariable = "env";

    /// <summary><see cref="ByValue"/> or <see cref="ByVariable"/>.</summary>
    public string Kind { get; set; } = ByValue;

    /// <summary>The secret, or the name of the variable that holds it.</summary>
    public string Text { get; set; } = "";

    /// <summary>Null when nothing was typed.</summary>
    public NewCredential? Read() => QueryText.OrNull(Text) is not { } text ? null
        : Kind == ByVariable ? new NewCredential { Env = text } : new NewCredential { Value = text };

    public override string ToString() => "credential [redacted]";
}
