namespace Spendra.Sandbox.Directives;

/// <summary>How a batch ends. The default value is the good end.</summary>
internal enum BatchEnd
{
    Completed,
    Expired,
    Failed,
    Cancelled,
}
