namespace Spendra.Gateway.Telemetry;

/// <summary>How a governed request ended, as metrics and traces tell it.</summary>
internal enum RequestOutcome
{
    /// <summary>The provider's answer was passed on.</summary>
    Answered,
    /// <summary>The provider refused or failed, in its own words.</summary>
    ProviderError,
    /// <summary>Refused here, before any provider knew of it.</summary>
    Refused,
    /// <summary>Neither: the provider could not be reached, broke off, or the gateway itself failed.</summary>
    Failed,
    /// <summary>The client had gone before anything was sent.</summary>
    Left,
}

internal static class RequestOutcomes
{
    public static string NameOf(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Answered => "answered",
        RequestOutcome.ProviderError => "provider_error",
        RequestOutcome.Refused => "refused",
        RequestOutcome.Failed => "failed",
        RequestOutcome.Left => "left",
    };
}
