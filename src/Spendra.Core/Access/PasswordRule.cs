namespace Spendra.Core.Access;

/// <summary>How long a password is. Its length is what makes it hard to guess; nothing else is asked of it.</summary>
public static class PasswordRule
{
    public const int Shortest = 12;
    public const int Longest = 200;

    public static bool Matches(string password) => password.Length is >= Shortest and <= Longest;
}
