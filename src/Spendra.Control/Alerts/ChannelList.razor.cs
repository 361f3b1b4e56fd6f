using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;

namespace Spendra.Control.Alerts;

/// <summary>Channels that alerts go through.</summary>
public sealed partial class ChannelList
{
    private IReadOnlyList<ChannelView>? _channels;
    private ChannelForm _form = new();
    private ChannelTestView? _test;
    private PageProblem? _refused;
    private string? _testing, _said;

    /// <summary>Anything: the form for a new channel is open.</summary>
    [SupplyParameterFromQuery]
    public string? New { get; set; }

    /// <summary>The slug of the channel that is changed.</summary>
    [SupplyParameterFromQuery]
    public string? Edit { get; set; }

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    private string Without => PathOf("notifications");

    protected override async Task LoadAsync()
    {
        _channels = (await ReadAsync<Page<ChannelView>>("alert-channels?limit=200&archived=true"))?.Items;
        if (Edit is not null && Edit != _form.Slug && _channels?.FirstOrDefault(c => c.Slug == Edit) is { } edited) _form = ChannelForm.Of(edited);
        else if (Edit is null && New is null) _form = new ChannelForm();
    }

    private async Task SaveAsync()
    {
        var call = Edit is null
            ? new PageCall(HttpMethod.Post, "alert-channels", _form.ToNew())
            : new PageCall(HttpMethod.Put, PathTo(Edit), _form.ToEdited()) { Version = _channels?.FirstOrDefault(c => c.Slug == Edit) is { } shown ? EntityTag.Of(shown.Version) : null };
        _refused = (await SendAsync<ChannelView>(call)).Problem;
        if (_refused is not null) return;
        _form = new ChannelForm();
        Navigation.NavigateTo(Without);
    }

    private async Task TestAsync(ChannelView channel)
    {
        (_testing, _test, _said) = (channel.Slug, null, null);
        try
        {
            var answer = await SendAsync<ChannelTestView>(new PageCall(HttpMethod.Post, $"{PathTo(channel.Slug)}/test"));
            (_refused, _test) = (answer.Problem, answer.Value);
            if (_test is not null) _said = _test.IsDelivered ? $"{channel.Slug} has the test." : $"{channel.Slug} did not get the test: {_test.Failure}.";
        }
        finally
        {
            _testing = null;
        }
    }

    private async Task ArchiveAsync(ChannelView channel)
    {
        if (await Confirmation.AskAsync(Dialogs, $"Archive {channel.Slug}?", "Nothing is sent through it any more, and what waits for it is given up. It can be restored.", "Archive it"))
            await DoAsync(channel, "archive");
    }

    private async Task DoAsync(ChannelView channel, string verb)
    {
        _refused = (await SendAsync<ChannelView>(new PageCall(HttpMethod.Post, $"{PathTo(channel.Slug)}/{verb}") { Version = EntityTag.Of(channel.Version) })).Problem;
        await ReloadAsync();
    }

    private static string PathTo(string slug) => $"alert-channels/{Uri.EscapeDataString(slug)}";
}
