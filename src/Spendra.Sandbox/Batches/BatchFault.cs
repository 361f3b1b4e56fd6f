namespace Spendra.Sandbox.Batches;

/// <summary>Why the input of a batch cannot be run.</summary>
/// <param name="Code">The provider's word for it.</param>
/// <param name="Message">The same in a sentence.</param>
/// <param name="Line">The line, from 1; <see langword="null"/> when it is the whole file.</param>
internal sealed record BatchFault(string Code, string Message, int? Line);
