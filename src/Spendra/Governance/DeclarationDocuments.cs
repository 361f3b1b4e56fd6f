using Spendra.Cli;
using Spendra.Control.Declarations;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Governance;

/// <summary>One change as <c>--json</c> prints it.</summary>
internal sealed record ChangeDocument(string Action, string Kind, string Slug, IReadOnlyList<FieldChange> Fields, string? Note)
{
    public static IReadOnlyList<ChangeDocument> Of(IReadOnlyList<PlannedChange> changes) =>
    [
        .. from c in changes
           where c.Action != ChangeAction.Unchanged || c.Note is not null
           select new ChangeDocument(c.Action.ToString().ToLowerInvariant(), c.Kind, c.Slug, c.Fields, c.Note),
    ];
}

internal sealed record PlanDocument(IReadOnlyList<ChangeDocument> Changes, int Unchanged);

/// <summary>A new key: the only place where its secret is printed.</summary>
internal sealed record IssuedKeyDocument(string Slug, string Id, string Secret)
{
    public static IssuedKeyDocument Of(IssuedKey key) => new(key.Slug, key.Id, key.Secret);

    public override string ToString() => $"{Slug} {Id} [redacted]";
}

internal sealed record ApplyDocument(
    Guid OrganizationId, long Epoch, IReadOnlyList<ChangeDocument> Changes, int Unchanged, IReadOnlyList<IssuedKeyDocument> Keys);

internal sealed record DeclarationErrorsDocument(ErrorDetail Error, IReadOnlyList<DeclarationError> Errors);
