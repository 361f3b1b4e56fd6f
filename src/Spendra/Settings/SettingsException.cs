namespace Spendra.Settings;

/// <summary>The configuration is wrong: every error that was found, each with what is allowed.</summary>
internal sealed class SettingsException(IReadOnlyList<string> errors) : Exception(Describe(errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;

    private static string Describe(IReadOnlyList<string> errors) => errors.Count == 1
        ? errors[0]
        : $"{errors.Count} settings are wrong: {string.Join("; ", errors)}";
}
