using Spendra.Core.Money;

namespace Spendra.Core.Ledger;

/// <summary>A cap that was lowered under what is already spent and held.</summary>
public static class CapCut
{
    /// <summary>
    /// What stands above a window's limit and no row explains yet; null when everything is explained.
    /// </summary>
    /// <param name="window">The window with its new limit.</param>
    /// <param name="explained">The sum of the window's excess rows; never negative.</param>
    public static NanoUsd? Unexplained(WindowRow window, NanoUsd explained)
    {
        var above = window.Settled + window.Reserved - window.Limit;
        return above > explained ? above - explained : null;
    }
}
