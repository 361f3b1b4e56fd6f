using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Spendra.Gateway.Requests;

/// <summary>One field of a form.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="IsFile">It has a file name: servers take it for a file, whatever else they know of it.</param>
/// <param name="Content">Where its content stands in the body.</param>
internal readonly record struct FormPart(string Name, bool IsFile, ByteSpan Content);

/// <summary>A body of <c>multipart/form-data</c>: where its fields stand. Its bytes pass as they are.</summary>
/// <param name="ContentType">The type with the boundary by which it was read, to be sent on in place of the client's.</param>
/// <param name="Parts">The fields in their order.</param>
internal sealed record Form(string ContentType, ImmutableArray<FormPart> Parts)
{
    /// <summary>
    /// Adds the fields to a digest, each with its length. Boundaries are chosen anew for every attempt, so that the bytes of
    /// a repeated request differ.
    /// </summary>
    public void AppendTo(IncrementalHash digest, ReadOnlySpan<byte> body)
    {
        foreach (var part in Parts)
        {
            digest.AppendData(Encoding.UTF8.GetBytes($"{part.Name.Length}:{part.Name}\n{part.IsFile}\n{part.Content.Length}\n"));
            digest.AppendData(body.Slice(part.Content.Start, part.Content.Length));
        }
    }
}
