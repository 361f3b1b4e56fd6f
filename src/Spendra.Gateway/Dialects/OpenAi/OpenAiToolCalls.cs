namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Counts the calls of the provider's own tools among the items of an output. Only what is charged by the call: a web
/// search that opens a page, or looks for a text in it, is no search.
/// </summary>
internal sealed class OpenAiToolCalls
{
    private const int MaxContainers = 1_000;

    private readonly HashSet<string> _containers = new(StringComparer.Ordinal);
    private long _unnamedContainers;

    public long Searches { get; private set; }

    public long FileSearches { get; private set; }

    /// <summary>Containers in which code ran; several calls may share one.</summary>
    public long Containers => _containers.Count + _unnamedContainers;

    /// <summary>Images that a tool made.</summary>
    public long Images { get; private set; }

    /// <summary>The request, as the answer repeats it, offered the preview version of the web search.</summary>
    public bool OffersPreview { get; private set; }

    /// <summary>Of the item that is being read.</summary>
    public string? Type { get; set; }

    public string? Action { get; set; }

    public string? Container { get; set; }

    public void Offers(string type) => OffersPreview |= OpenAiTools.IsPreview(type);

    public void EndItem()
    {
        switch (Type)
        {
            // Without a word of what it did, it searched.
            case "web_search_call" when Action is not ("open_page" or "find_in_page" or "find"): Searches++; break;
            case "file_search_call": FileSearches++; break;
            case "code_interpreter_call": CountContainer(); break;
            case "image_generation_call": Images++; break;
        }
        (Type, Action, Container) = (null, null, null);
    }

    private void CountContainer()
    {
        if (Container is { Length: > 0 } id && _containers.Count < MaxContainers) _containers.Add(id);
        else _unnamedContainers++;
    }
}
