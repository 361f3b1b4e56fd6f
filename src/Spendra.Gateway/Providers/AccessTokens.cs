namespace Spendra.Gateway.Providers;

/// <summary>Access tokens that long-lived credentials buy, kept until shortly before they expire. One per gateway.</summary>
internal sealed class AccessTokens
{
}
