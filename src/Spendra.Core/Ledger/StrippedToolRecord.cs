namespace Spendra.Core.Ledger;

/// <summary>A tool that was left out of an admitted request, kept so that its id can be explained.</summary>
public sealed record StrippedToolRecord(Guid OrganizationId, Guid RequestId, string Tool, Guid PolicyId);
