using System.Text;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Clients;

/// <summary>What a client wants: one chat call, which it may attempt several times.</summary>
internal sealed record SimCall(SimKey Key, string Model, int MaxTokens, bool IsStream, string? IdempotencyKey, string Prompt)
{
    public string Secret => Key.Secret;

    public byte[] Body { get; } = Encoding.UTF8.GetBytes(
        $$"""{"model":"{{Model}}","max_tokens":{{MaxTokens}},"stream":{{(IsStream ? "true" : "false")}},"messages":[{"role":"user","content":"{{Prompt}}"}]}""");
}
