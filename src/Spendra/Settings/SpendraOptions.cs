using Spendra.Control.Alerts;
using Spendra.Control.Audit;
using Spendra.Control.Audit.Forwarding;
using Spendra.Control;
using Spendra.Control.Catalog;
using Spendra.Control.Exports;
using Spendra.Control.Ledger;
using Spendra.Control.Organizations;
using Spendra.Gateway;
using Spendra.Storage;
using Spendra.Storage.Retention;
using Spendra.Telemetry;

namespace Spendra.Settings;

/// <summary>Which parts of Spendra a process runs.</summary>
internal enum Role
{
    All,
    Gateway,
    Control,
    Worker,
}

/// <summary>Everything that can be configured: validated as a whole before anything starts, immutable after.</summary>
internal sealed record SpendraOptions
{
    public const string DefaultUrls = "http://127.0.0.1:8080";
    public const string DefaultData = "./spendra-data";

    /// <summary>Addresses to listen on, separated by semicolons.</summary>
    public required string Urls { get; init; }

    /// <summary>The data folder, or null when <see cref="Database"/> names a server.</summary>
    public required string? Data { get; init; }

    public required DatabaseTarget Database { get; init; }

    /// <summary>Seals provider credentials; absent: a key file in the data folder.</summary>
    public required Secret? MasterKey { get; init; }

    public required Role Role { get; init; }

    /// <summary>Its sandbox address is null when the process shall start a sandbox of its own.</summary>
    public required GatewayOptions Gateway { get; init; }

    /// <summary>How the control plane is reached and how people prove who they are.</summary>
    public ControlOptions Control { get; init; } = new();

    public required SweepOptions Sweep { get; init; }

    /// <summary>Where new prices are looked for, and when.</summary>
    public CatalogOptions Catalog { get; init; } = new();

    /// <summary>How alerts are looked for and sent.</summary>
    public AlertOptions Alerts { get; init; } = new();

    /// <summary>Where the proof of a domain is looked up.</summary>
    public DomainOptions Domains { get; init; } = new();
    /// <summary>Where signed checkpoints of the audit chains go.</summary>
    public AuditOptions Audit { get; init; } = new();

    /// <summary>Where audit records are told as they are written.</summary>
    public ForwardOptions AuditForward { get; init; } = new();

    /// <summary>Where exports are written.</summary>
    public ExportOptions Exports { get; init; } = new();

    /// <summary>How long old detail is kept.</summary>
    public RetentionLimits Retention { get; init; } = new();

    /// <summary>Whom the process tells of itself.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    public required LogSettings Log { get; init; }

    /// <summary>Prints stack traces of failures.</summary>
    public required bool Debug { get; init; }
}

internal sealed record LogSettings
{
    public required LogLevel Level { get; init; }

    /// <summary>One JSON object per line instead of text.</summary>
    public required bool Json { get; init; }
}
