namespace Spendra.Gateway.Providers;

/// <summary>Access tokens that long-lived credentials buy, kept until shortly before they expire. One per gateway.</summary>
internal sealed class AccessTokens : IDisposable
{
    public required EntraTokens Entra { get; init; }

    public void Dispose() => Entra.Dispose();
}
