using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Core.Access;

namespace Spendra.Control.Keys;

/// <summary>One key: what it permits, how to use it, rotating and revoking it.</summary>
public sealed partial class KeyPage
{
    private KeyView? _key;
    private string? _version;
    private RevealedKey? _revealed;
    private PageProblem? _refused;
    private int _overlap = 60;

    [Parameter]
    public string Slug { get; set; } = "";

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    private bool MayIssue => May(Capability.KeysIssue) || May(Capability.KeysIssueOwn);

    private bool MayRevoke => May(Capability.KeysRevoke) || May(Capability.KeysRevokeOwn);

    private string Path => $"keys/{Uri.EscapeDataString(Slug)}";

    protected override async Task LoadAsync() => (_key, _version) = await ReadVersionedAsync<KeyView>(Path);

    private async Task RotateAsync()
    {
        var answer = await SendAsync<RevealedKey>(new PageCall(HttpMethod.Post, $"{Path}/rotate", new KeyRotation { OverlapMinutes = _overlap }) { Version = _version });
        (_refused, _revealed) = (answer.Problem, answer.Value ?? _revealed);
        await ReloadAsync();
    }

    private async Task RevokeAsync()
    {
        if (!await Confirmation.AskAsync(Dialogs, $"Revoke {Slug}?",
            "From this moment on every call with it is refused, on every gateway. What is in flight is let finish and is booked. This cannot be undone, and the name is not given again.", "Revoke it")) return;
        _refused = (await SendAsync<KeyView>(new PageCall(HttpMethod.Post, $"{Path}/revoke") { Version = _version })).Problem;
        await ReloadAsync();
    }

    private static string Names(IReadOnlyList<string>? names, string absent) => names switch { null => absent, [] => "none", _ => string.Join(", ", names) };
}
