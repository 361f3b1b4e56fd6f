namespace Spendra.Hosting;

/// <summary>On an endpoint of the host itself that answers only whoever brings the token of a setting, and is not there without one.</summary>
/// <param name="Setting">Which.</param>
internal sealed record TokenMark(string Setting);
