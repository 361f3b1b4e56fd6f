using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;

namespace Spendra.Control.Hierarchy;

/// <summary>One scope beside the tree: renamed, moved, archived and restored.</summary>
public sealed partial class ScopeDrawer
{
    private ScopeView? _scope;
    private string? _version;
    private PageProblem? _refused;
    private (string Reference, string Name, string Parent, string Email, string Projects)? _filled;
    private string _name = "", _parent = "", _email = "", _projects = "";

    /// <summary>Such as <c>team/search</c>.</summary>
    [Parameter, EditorRequired]
    public string Reference { get; set; } = "";

    /// <summary>The address of the page without it.</summary>
    [Parameter, EditorRequired]
    public string Close { get; set; } = "";

    [Parameter]
    public EventCallback OnChanged { get; set; }

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    /// <summary>What may be made below it.</summary>
    private IReadOnlyList<string> Children => _scope?.Kind switch
    {
        "branch" => ["team"],
        "team" => ["employee", "agent"],
        "project" or "employee" => ["agent"],
        "agent" => ["subagent"],
        _ => [],
    };

    // A reference that names nothing is answered as one that is not there.
    private string Path => ScopeBranches.PathOfReference(Reference) ?? "teams/-";

    protected override async Task LoadAsync()
    {
        if (_scope is null || ScopeBranches.ReferenceOf(_scope) != Reference) _refused = null;
        (_scope, _version) = await ReadVersionedAsync<ScopeView>(Path);
        if (_scope is null) return;
        Fill(_scope);
    }

    // The tree beside it reads again and again: what is typed stays until what is kept is another.
    private void Fill(ScopeView scope)
    {
        var kept = (Reference, scope.Name, Parent: scope.Parent ?? "", Email: scope.Email ?? "", Projects: string.Join(' ', scope.Projects));
        if (_filled == kept) return;
        (_filled, _name, _parent, _email, _projects) = (kept, kept.Name, kept.Parent, kept.Email, kept.Projects);
    }

    private async Task SaveAsync()
    {
        var parent = QueryText.OrNull(_parent);
        if (parent != _scope!.Parent && !await Confirmation.AskAsync(Dialogs, $"Move {Reference}?",
            $"It goes below {parent ?? "the organization"}, with all that is below it. From then on the rules and budgets there bind it; what was spent before stays where it was booked.", "Move it")) return;
        await DoAsync(new PageCall(HttpMethod.Put, Path, new EditedScope
        {
            Name = _name.Trim(), Parent = parent, Email = QueryText.OrNull(_email),
            Projects = _projects.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } projects ? projects : null,
        }));
    }

    private async Task ArchiveAsync()
    {
        if (await Confirmation.AskAsync(Dialogs, $"Archive {Reference}?",
            "It spends nothing any more, from this moment on. What it spent stays in the books. It can be restored.", "Archive it"))
            await DoAsync(new PageCall(HttpMethod.Post, $"{Path}/archive"));
    }

    private Task RestoreAsync() => DoAsync(new PageCall(HttpMethod.Post, $"{Path}/restore"));

    private async Task DoAsync(PageCall call)
    {
        _refused = (await SendAsync<ScopeView>(call with { Version = _version })).Problem;
        if (_refused is not null) return;
        await ReloadAsync();
        await OnChanged.InvokeAsync();
    }
}
