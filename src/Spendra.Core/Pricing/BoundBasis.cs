namespace Spendra.Core.Pricing;

/// <summary>What proves that a request's input is no larger than its bound. <c>default</c> is its bytes.</summary>
public enum BoundBasis
{
    /// <summary>A token covers at least one byte.</summary>
    Bytes = 0,
    /// <summary>No request has more input than its model's context takes.</summary>
    ContextWindow = 1,
    /// <summary>The model's own tokenizer counted the text.</summary>
    Tokenizer = 2,
    /// <summary>The provider counted the request.</summary>
    Counted = 3,
}

public static class BoundBases
{
    /// <summary>Every basis with the name under which it is stored and shown.</summary>
    public static readonly IReadOnlyList<(BoundBasis Basis, string Name)> All =
    [
        (BoundBasis.Bytes, "bytes"),
        (BoundBasis.ContextWindow, "context_window"),
        (BoundBasis.Tokenizer, "tokenizer"),
        (BoundBasis.Counted, "counted"),
    ];

    public static string NameOf(BoundBasis basis)
    {
        foreach (var (known, name) in All)
        {
            if (known == basis) return name;
        }
        throw new ArgumentOutOfRangeException(nameof(basis), basis, "is no basis of a bound");
    }

    /// <summary>The basis of a name, or null.</summary>
    public static BoundBasis? Find(string name)
    {
        foreach (var (basis, known) in All)
        {
            if (known == name) return basis;
        }
        return null;
    }
}
