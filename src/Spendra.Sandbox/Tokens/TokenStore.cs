using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Tokens;

/// <summary>The access tokens that this server issued, each with its end.</summary>
internal sealed class TokenStore(TimeProvider time, int maxCount)
{
    private readonly BoundedStore<Issued> _issued = new(maxCount, token => token.Text);

    public void Add(string token, int lifetimeSeconds) =>
        _issued.Add(new Issued(token, time.GetUtcNow().AddSeconds(lifetimeSeconds)));

    /// <returns>Whether it still counts; <see langword="null"/> when this server did not issue it.</returns>
    public bool? IsValid(string token) => _issued.Find(token) is { } known ? time.GetUtcNow() < known.EndsAt : null;

    private sealed record Issued(string Text, DateTimeOffset EndsAt);
}
