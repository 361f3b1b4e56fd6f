namespace Spendra.Sandbox.Responses;

/// <summary>Where a response stands; <see cref="ResponseJson"/> has the wire names.</summary>
internal enum ResponseStatus
{
    Queued,
    InProgress,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}
