namespace Spendra.Control.Shell;

/// <summary>
/// The id of a row in an address. Text that is no id names nothing, as an id that nobody has: it is bound all the same, so that
/// the answer is the same too.
/// </summary>
internal readonly record struct RowId(Guid Value)
{
    public static bool TryParse(string text, out RowId id)
    {
        id = Guid.TryParse(text, out var value) ? new RowId(value) : default;
        return true;
    }
}
