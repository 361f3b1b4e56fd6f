using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;

namespace Spendra.Control.Alerts;

/// <summary>Who is told of which alerts: made, changed, put away.</summary>
public sealed partial class AlertRuleList
{
    private readonly HashSet<string> _chosenChannels = new(StringComparer.Ordinal), _chosenKinds = new(StringComparer.Ordinal);
    private IReadOnlyList<AlertRuleView>? _rules;
    private IReadOnlyList<ChannelView> _channels = [];
    private PageProblem? _refused;
    private string _slug = "", _severity = "info", _scope = "";

    /// <summary>Anything: the form for a new rule is open.</summary>
    [SupplyParameterFromQuery]
    public string? New { get; set; }

    /// <summary>The slug of the rule that is changed.</summary>
    [SupplyParameterFromQuery]
    public string? Edit { get; set; }

    private string Without => PathOf("notifications?tab=rules");

    private AlertRuleView? Edited => _rules?.FirstOrDefault(r => r.Slug == Edit);

    protected override async Task LoadAsync()
    {
        _rules = (await ReadAsync<Page<AlertRuleView>>("alert-rules?limit=200&archived=true"))?.Items;
        _channels = (await ReadAsync<Page<ChannelView>>("alert-channels?limit=200"))?.Items ?? [];
        if (Edit is null && New is not null) return;
        _chosenChannels.Clear();
        _chosenKinds.Clear();
        (_slug, _severity, _scope) = (Edited?.Slug ?? "", Edited?.LeastSeverity ?? "info", Edited?.Scope ?? "");
        _chosenChannels.UnionWith(Edited?.Channels ?? []);
        _chosenKinds.UnionWith(Edited?.Kinds ?? []);
    }

    private static string Words(string kind) => kind.Replace('_', ' ');

    private static void Choose(HashSet<string> chosen, string name, bool isChosen)
    {
        if (isChosen) chosen.Add(name);
        else chosen.Remove(name);
    }

    private async Task SaveAsync()
    {
        IReadOnlyList<string>? kinds = _chosenKinds.Count == 0 ? null : [.. _chosenKinds];
        var (channels, scope) = ((IReadOnlyList<string>)[.. _chosenChannels], QueryText.OrNull(_scope));
        var call = Edited is { } edited
            ? new PageCall(HttpMethod.Put, PathTo(edited), new EditedAlertRule { Kinds = kinds, LeastSeverity = _severity, Scope = scope, Channels = channels }) { Version = EntityTag.Of(edited.Version) }
            : new PageCall(HttpMethod.Post, "alert-rules", new NewAlertRule { Slug = _slug.Trim(), Kinds = kinds, LeastSeverity = _severity, Scope = scope, Channels = channels });
        _refused = (await SendAsync<AlertRuleView>(call)).Problem;
        if (_refused is null) Navigation.NavigateTo(Without);
    }

    private async Task DoAsync(AlertRuleView rule, string verb)
    {
        _refused = (await SendAsync<AlertRuleView>(new PageCall(HttpMethod.Post, $"{PathTo(rule)}/{verb}") { Version = EntityTag.Of(rule.Version) })).Problem;
        await ReloadAsync();
    }

    private static string PathTo(AlertRuleView rule) => $"alert-rules/{Uri.EscapeDataString(rule.Slug)}";
}
