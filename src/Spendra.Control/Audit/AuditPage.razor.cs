using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;

namespace Spendra.Control.Audit;

/// <summary>The record of every change, what each changed, and whether the chain is whole.</summary>
public sealed partial class AuditPage
{
    private static readonly FilterField[] Filters =
    [
        new("from", "From, UTC", FilterKind.Instant), new("to", "Before, UTC", FilterKind.Instant), new("actor", "Who"), new("action", "Did"),
        new("subjectKind", "Kind of thing"), new("subject", "Its name"),
    ];

    private IReadOnlyList<AuditRecordView>? _shown;
    private string? _next;
    private AuditRecordView? _record;
    private IReadOnlyList<StateChange> _changes = [];
    private PageProblem? _unread, _unverified;
    private AuditVerdictView? _verdict;
    private DateTime _verifiedAt;
    private string? _publicKey;
    private bool _isVerifying;

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public string? Actor { get; set; }

    [SupplyParameterFromQuery]
    public string? Action { get; set; }

    [SupplyParameterFromQuery]
    public string? SubjectKind { get; set; }

    [SupplyParameterFromQuery]
    public string? Subject { get; set; }

    [SupplyParameterFromQuery]
    public string? Sort { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    /// <summary>The number of the record that is shown beside the list.</summary>
    [SupplyParameterFromQuery]
    public string? Open { get; set; }

    private string CloseHref => Navigation.GetUriWithQueryParameter("open", (string?)null);

    private string WithSort => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["sort"] = Sort == "sequence" ? null : "sequence", ["cursor"] = null });

    protected override async Task LoadAsync()
    {
        var page = await ReadAsync<Page<AuditRecordView>>(QueryText.Of("audit/records", ("limit", "50"), ("from", From), ("to", To), ("actor", Actor), ("action", Action),
            ("subjectKind", SubjectKind), ("subject", Subject), ("sort", Sort), ("cursor", Cursor)));
        (_shown, _next) = (page?.Items, page?.Next);
        (_record, _unread, _changes) = (null, null, []);
        if (Open is null) return;
        var answer = await TryReadAsync<AuditRecordView>($"audit/records/{Uri.EscapeDataString(Open)}");
        (_record, _unread) = (answer.Value, answer.Problem);
        if (_record is not null) _changes = StateChange.Of(_record.Before, _record.After);
    }

    // All records are read anew: that takes seconds where there are many.
    private async Task VerifyAsync()
    {
        _isVerifying = true;
        StateHasChanged();
        var answer = await SendAsync<AuditVerdictView>(new PageCall(HttpMethod.Post, "audit/verify"));
        (_verdict, _unverified, _verifiedAt, _isVerifying) = (answer.Value, answer.Problem, NowUtc, false);
        _publicKey = (await TryReadAsync<AuditKeyView>("audit/key")).Value?.PublicKey;
    }
}
