namespace Spendra.Core.Access;

/// <summary>
/// Which passwords do, wherever one is set. Length is what makes a password hard to guess; rules about kinds of letters make
/// passwords worse. Beside that, it is not a few letters over and over, and not what everybody knows of its owner.
/// </summary>
public static class PasswordRule
{
    /// <summary>Characters.</summary>
    public const int Shortest = 12;

    public const int Longest = 256;
    public const int FewestDifferent = 4;

    // Shorter parts of names are in many words that have nothing to do with them.
    private const int ShortestTelling = 5;

    /// <summary>Null for a password that does; otherwise in words that follow its name why it does not, without a part of it.</summary>
    /// <param name="password">As it was typed.</param>
    /// <param name="email">Its owner's address.</param>
    /// <param name="name">Its owner's name as people write it.</param>
    public static string? Fault(string password, string email, string name)
    {
        if (password.Length is < Shortest or > Longest) return $"does not have {Shortest} to {Longest} characters";
        if (password.Distinct().Count() < FewestDifferent) return $"does not have {FewestDifferent} different characters";
        if (IsLike(password, email) || IsLike(password, email.Split('@')[0])) return "is like the address";
        return IsLike(password, name) ? "is like the name" : null;
    }

    /// <summary>Whether one is in the other, whatever the case and what stands between letters and digits.</summary>
    private static bool IsLike(string password, string known)
    {
        var (typed, told) = (Telling(password), Telling(known));
        return (told.Length >= ShortestTelling && typed.Contains(told, StringComparison.Ordinal))
            || (typed.Length >= ShortestTelling && told.Contains(typed, StringComparison.Ordinal));
    }

    private static string Telling(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToUpperInvariant();
}
