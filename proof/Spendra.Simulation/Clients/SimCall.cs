using System.Text;
using Spendra.Core.Governance;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Clients;

/// <summary>What a client wants: one call, which it may attempt several times.</summary>
internal sealed record SimCall(SimKey Key, GovernedRoute Route, string Json)
{
    private static readonly GovernedRoute ChatRoute = RouteOf("chat.completions");
    private static readonly GovernedRoute StartRoute = RouteOf("responses");
    private static readonly GovernedRoute FetchRoute = RouteOf("responses.get");

    /// <summary>Empty for calls that cost nothing.</summary>
    public string Model { get; init; } = "";

    public int MaxTokens { get; init; }

    public bool IsStream { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>The object that the path names, or null.</summary>
    public string? ObjectId { get; init; }

    public bool IsBackground => Route == StartRoute;

    public byte[] Body { get; } = Encoding.UTF8.GetBytes(Json);

    public static SimCall Chat(SimKey key, string model, int maxTokens, bool isStream, string prompt) => new(key, ChatRoute,
        $$"""{"model":"{{model}}","max_tokens":{{maxTokens}},"stream":{{(isStream ? "true" : "false")}},"messages":[{"role":"user","content":"{{prompt}}"}]}""")
    {
        Model = model,
        MaxTokens = maxTokens,
        IsStream = isStream,
    };

    /// <summary>A response that goes on at the provider after it was answered.</summary>
    public static SimCall Start(SimKey key, string model, int maxTokens, string prompt) => new(key, StartRoute,
        $$"""{"model":"{{model}}","max_output_tokens":{{maxTokens}},"background":true,"input":"{{prompt}}"}""")
    {
        Model = model,
        MaxTokens = maxTokens,
    };

    /// <summary>Asks for a response that was started before; costs nothing and tells what the other one used.</summary>
    public static SimCall Fetch(SimKey key, string objectId) => new(key, FetchRoute, "") { ObjectId = objectId };

    private static GovernedRoute RouteOf(string name) => ProviderList.Routes.Single(r => r.Name == name && r.Provider.Name == KnownProvider.OpenAi);
}
