using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Spendra.Control.Dashboard.Parts;

/// <summary>
/// Parts of a page that come and go with its address and have parameters of the address themselves. They change only after the
/// address has: the framework tells everybody who has such parameters of the new one, and fails when there are more or fewer of
/// them before it is through.
/// </summary>
public sealed class Settled : ComponentBase
{
    private string? _name;
    private bool _isWaiting;

    /// <summary>Which parts are shown.</summary>
    [Parameter, EditorRequired]
    public string? Name { get; set; }

    [Parameter, EditorRequired]
    public RenderFragment? ChildContent { get; set; }

    protected override void OnInitialized() => _name = Name;

    protected override async Task OnParametersSetAsync()
    {
        if (_name == Name) return;
        _isWaiting = true;
        await Task.Yield();
        (_name, _isWaiting) = (Name, false);
    }

    protected override bool ShouldRender() => !_isWaiting;

    protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddContent(0, ChildContent);
}
