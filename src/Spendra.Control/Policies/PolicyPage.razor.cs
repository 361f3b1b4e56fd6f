using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Audit;
using Spendra.Control.Budgets;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;
using Spendra.Core.Access;

namespace Spendra.Control.Policies;

/// <summary>One policy in plain words: made, tried on the past, saved, archived, and how it came about.</summary>
public sealed partial class PolicyPage
{
    private const string Simulated = "simulate=30d";

    private PolicyView? _policy;
    private PolicyDraft _draft = new();
    private string? _version, _shown;
    private Dictionary<string, BudgetView> _budgets = [];
    private IReadOnlyList<AuditRecordView> _history = [];
    private SimulationView? _trial;
    private PageProblem? _refused;
    private bool _isTrying;

    /// <summary>Null for a new one.</summary>
    [Parameter]
    public string? Slug { get; set; }

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    private string Path => $"policies/{Uri.EscapeDataString(Slug ?? "")}";

    private string Sentence => _draft.Preview() is { } preview ? PolicyWords.Of(preview with { Scope = ScopeOf(preview) }, _budgets.GetValueOrDefault(_draft.Budget)) : "Something of this cannot be read yet.";

    protected override async Task LoadAsync()
    {
        Begin();
        if (May(Capability.BudgetsRead))
            _budgets = ((await TryReadAsync<Page<BudgetView>>("budgets?limit=200")).Value?.Items ?? []).ToDictionary(b => b.Slug);
        if (Slug is not { } slug) return;
        var (policy, version) = await ReadVersionedAsync<PolicyView>(Path);
        if (slug != Slug) return;
        (_policy, _version) = (policy, version);
        if (_policy is null) return;
        _draft = PolicyDraft.Of(_policy);
        if (May(Capability.AuditRead))
            _history = (await TryReadAsync<Page<AuditRecordView>>(QueryText.Of("audit/records", ("limit", "50"), ("subjectKind", "policy"), ("subject", Slug)))).Value?.Items ?? [];
    }

    // Another policy, or a new one: nothing of the one before belongs to it.
    private void Begin()
    {
        if (_shown == Slug) return;
        (_shown, _policy, _version, _draft, _history, _trial, _refused) = (Slug, null, null, new PolicyDraft(), [], null, null);
    }

    private string ScopeOf(PolicyView preview) =>
        _draft.HasBudget && QueryText.OrNull(_draft.Scope) is null && _budgets.TryGetValue(_draft.Budget, out var budget) ? budget.Scope : preview.Scope;

    private async Task SimulateAsync()
    {
        _isTrying = true;
        try
        {
            var slug = Slug;
            var answer = await PutAsync($"?{Simulated}");
            if (answer is not null && slug == Slug) (_refused, _trial) = (answer.Problem, answer.Value?.Simulation);
        }
        finally
        {
            _isTrying = false;
        }
    }

    private async Task SaveAsync()
    {
        if (await PutAsync("") is not { } answer) return;
        _refused = answer.Problem;
        if (_refused is not null) return;
        _trial = null;
        if (Slug is null) Navigation.NavigateTo(PathOf($"policies/{_draft.Slug.Trim()}"));
        else await ReloadAsync();
    }

    /// <summary>Null when what was typed cannot be read.</summary>
    private async Task<PageAnswer<PolicyView>?> PutAsync(string query)
    {
        if (Slug is null)
        {
            var (body, problem) = _draft.ToNew();
            _refused = problem;
            return body is null ? null : await SendAsync<PolicyView>(new PageCall(HttpMethod.Post, $"policies{query}", body));
        }
        var (edited, wrong) = _draft.Read();
        _refused = wrong;
        return edited is null ? null : await SendAsync<PolicyView>(new PageCall(HttpMethod.Put, Path + query, edited) { Version = _version });
    }

    private async Task ArchiveAsync()
    {
        if (!await Confirmation.AskAsync(Dialogs, $"Archive {Slug}?",
            "It binds nothing any more, from this moment on. If it is the last hard cap of a scope, that scope may spend nothing. It can be restored.", "Archive it")) return;
        await ChangeAsync("archive");
    }

    private Task RestoreAsync() => ChangeAsync("restore");

    private async Task ChangeAsync(string verb)
    {
        _refused = (await SendAsync<PolicyView>(new PageCall(HttpMethod.Post, $"{Path}/{verb}") { Version = _version })).Problem;
        await ReloadAsync();
    }
}
