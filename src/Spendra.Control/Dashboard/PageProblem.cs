namespace Spendra.Control.Dashboard;

/// <summary>Why a call of a page was not done, in words that its visitor can use.</summary>
/// <param name="Status">The status of HTTP.</param>
/// <param name="Title">What happened, in a few words.</param>
/// <param name="Detail">What happened and what to do.</param>
/// <param name="RequestId">What to name when asking for help.</param>
public sealed record PageProblem(int Status, string Title, string Detail, string? RequestId)
{
    /// <summary>By field of what was sent: what is wrong with it.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; init; } = new Dictionary<string, string[]>(StringComparer.Ordinal);

    /// <summary>What was typed into a field for money is none.</summary>
    public static PageProblem NotAnAmount(string field) =>
        new(400, "This is no amount.", "Write USD with a point and at most nine decimals, such as 250 or 0.25.", null)
        {
            Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = ["is no amount in USD."] },
        };

    /// <summary>The visitor is not signed in any more.</summary>
    public bool IsSignedOut => Status == 401;

    /// <summary>The visitor proved who they are too long ago for this.</summary>
    public bool NeedsFreshSignIn { get; init; }

    /// <summary>What is wrong with a field; null when nothing is.</summary>
    public string? Of(string field) => Errors.TryGetValue(field, out var found) && found.Length > 0 ? found[0] : null;
}

/// <summary>What a call of a page came to: a value, or why there is none.</summary>
/// <param name="Value">Default when there is a problem.</param>
/// <param name="Version">What the next change of it says that it changes; null where nothing has one.</param>
/// <param name="Problem">Null when it was done.</param>
internal sealed record PageAnswer<T>(T? Value, string? Version, PageProblem? Problem);
