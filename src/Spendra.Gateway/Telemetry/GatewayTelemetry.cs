namespace Spendra.Gateway.Telemetry;

/// <summary>Under which names the gateway tells of itself.</summary>
public static class GatewayTelemetry
{
    /// <summary>Of what it measures.</summary>
    public const string MeterName = "Spendra.Gateway";

    /// <summary>Of the traces of governed requests.</summary>
    public const string SourceName = "Spendra.Gateway";
}
