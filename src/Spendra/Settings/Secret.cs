namespace Spendra.Settings;

/// <summary>A value that is read from the configuration and must not appear in any output.</summary>
internal sealed class Secret(string value)
{
    public string Reveal() => value;

    public override string ToString() => "[redacted]";
}
