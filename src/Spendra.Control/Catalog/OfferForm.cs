using Spendra.Control.Dashboard;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Control.Catalog;

/// <summary>Prices to propose, as somebody types them.</summary>
internal sealed class OfferForm
{
    public string Kind { get; set; } = "discount";
    public string Provider { get; set; } = KnownProvider.OpenAi;
    public int Percent { get; set; }
    public string Models { get; set; } = "";
    public string Model { get; set; } = "";
    public string Input { get; set; } = "";
    public string CachedInput { get; set; } = "";
    public string CacheWrite { get; set; } = "";
    public string Output { get; set; } = "";
    public string Csv { get; set; } = "";

    /// <summary>What is sent, or what cannot be read.</summary>
    public (NewProposal? Body, PageProblem? Problem) Read() => Kind switch
    {
        "file" => (new NewProposal { Csv = Csv }, null),
        "price" => ReadPrice(),
        _ => (new NewProposal
        {
            Discount = new NewDiscount
            {
                Provider = Provider, Percent = Percent, Models = Models.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } models ? models : null,
            },
        }, null),
    };

    private (NewProposal? Body, PageProblem? Problem) ReadPrice()
    {
        if (!NanoUsd.TryParse(Input.Trim(), out var input)) return (null, PageProblem.NotAnAmount("inputUsd"));
        if (!NanoUsd.TryParse(Output.Trim(), out var output)) return (null, PageProblem.NotAnAmount("outputUsd"));
        if (!TryRead(CachedInput, out var cached)) return (null, PageProblem.NotAnAmount("cachedInputUsd"));
        if (!TryRead(CacheWrite, out var write)) return (null, PageProblem.NotAnAmount("cacheWriteUsd"));
        return (new NewProposal
        {
            Prices = [new NewPrice { Provider = Provider, Model = Model.Trim(), InputUsd = input, CachedInputUsd = cached, CacheWriteUsd = write, OutputUsd = output }],
        }, null);
    }

    private static bool TryRead(string text, out NanoUsd? amount)
    {
        amount = null;
        if (QueryText.OrNull(text) is not { } typed) return true;
        if (!NanoUsd.TryParse(typed, out var read)) return false;
        amount = read;
        return true;
    }
}
