namespace Spendra.Sandbox.Fields;

/// <summary>A file in a form.</summary>
/// <param name="Field">The name of its field, for example <c>image[]</c>.</param>
/// <param name="Name">The file's own name.</param>
/// <param name="Content">All of it.</param>
internal sealed record FormFile(string Field, string Name, byte[] Content);
