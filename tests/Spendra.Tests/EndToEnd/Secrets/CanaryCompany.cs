using System.Security.Cryptography;
using System.Text.Json;
using Spendra.Sandbox;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>A company with an account at every provider, by every kind of credential, and one beside it that must learn nothing.</summary>
internal sealed class CanaryCompany : IDisposable
{
    public const string Deployment = "chat-prod";
    public const string Model = "m1";

    /// <summary>A deployment of an account whose application is refused a token.</summary>
    public const string RefusedDeployment = "chat-refused";

    private const string OpenAi = "sk-canary-openai-7f3a9c";
    private const string OpenRouter = "sk-or-canary-router-2f9d10";
    private const string Anthropic = "sk-ant-canary-claude-a80c35";
    private const string Gemini = "AIza-canary-gemini-5e6b24";
    private const string ToolServer = "canary-tool-server-13ce99";
    private const string EntraSecret = "canary-entra-secret-c04b7e";
    private const string RefusedSecret = "canary-refused-secret-8d11f5";
    private const string Variable = "CANARY_COMPANY_CLAUDE_KEY";
    private const string Rates = "inputUsdPerMillion: \"1\", outputUsdPerMillion: \"2\", contextWindow: 100000, maxOutput: 1000";

    private readonly RSA _key = RSA.Create(2048);

    public CanaryCompany() => Environment.SetEnvironmentVariable(Variable, Anthropic);

    /// <summary>Vertex AI and Azure take only tokens that were bought with the credentials here.</summary>
    public static SandboxOptions Provider { get; } = new()
    {
        RecordRequests = true,
        MaxRecordedRequests = 20_000,
        OnlyIssuedTokens = true,
        Deployments = new Dictionary<string, string> { [Deployment] = Model },
    };

    /// <summary>As they are sent. Those that only buy tokens are in <see cref="Credentials"/> besides.</summary>
    public static IReadOnlyList<string> SentCredentials => [OpenAi, OpenRouter, Anthropic, Gemini, ToolServer];

    public IEnumerable<string> Credentials => [.. SentCredentials, EntraSecret, RefusedSecret, PieceOfKey()];

    public string Declaration(Site site)
    {
        var root = site.Sandbox.Root.ToString().TrimEnd('/');
        return $$"""
            organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
            employees: [{slug: ada, email: ada@acme.example}, {slug: bob}]
            providerAccounts:
              - {slug: main, provider: openai, baseUrl: "{{root}}/v1", credential: {value: "{{OpenAi}}"} }
              - {slug: router, provider: openrouter, baseUrl: "{{root}}/api/v1", credential: {value: "{{OpenRouter}}"} }
              - {slug: azure, provider: azure, baseUrl: "{{root}}/openai", credential: {value: '{{Entra(root, EntraSecret, "https://ai.azure.com/.default")}}'}, deployments: { {{Deployment}}: {{Model}} } }
              - {slug: refused, provider: azure, baseUrl: "{{root}}/openai", credential: {value: '{{Entra(root, RefusedSecret, "no-scope")}}'}, deployments: { {{RefusedDeployment}}: {{Model}} } }
              - {slug: claude, provider: anthropic, baseUrl: "{{root}}/v1", credential: {env: {{Variable}}} }
              - {slug: gemini, provider: google, baseUrl: "{{root}}/v1beta", credential: {value: "{{Gemini}}"} }
              - {slug: vertex, provider: vertexai, baseUrl: "{{root}}/v1/projects/p1/locations/l1", credential: {value: '{{ServiceAccount(root)}}'} }
              - {slug: finder, provider: mcp, baseUrl: "{{root}}/mcp/finder", credential: {value: "{{ToolServer}}"}, tools: {search: "0.01"} }
            prices:
              - {provider: openai, model: {{Model}}, {{Rates}}, tiers: {batch: 50} }
              - {provider: openrouter, model: maker/{{Model}}, {{Rates}}}
              - {provider: azure, model: {{Model}}, {{Rates}}}
              - {provider: anthropic, model: claude-a, {{Rates}}}
              - {provider: google, model: g1, {{Rates}}}
              - {provider: vertexai, model: google/g1, {{Rates}}}
              - {provider: vertexai, model: anthropic/claude-a, {{Rates}}}
            {{Rules}}
            """;
    }

    /// <summary>Another organization on the same installation.</summary>
    public static string Neighbour(Site site) => $$"""
        organization: {slug: rival, name: Rival, currency: USD, timeZone: UTC}
        employees: [{slug: ada}]
        providerAccounts: [{slug: main, provider: openai, baseUrl: "{{site.Sandbox.BaseUrl}}", credential: {value: "sandbox"} }]
        prices: [{provider: openai, model: {{Model}}, {{Rates}}}]
        budgets: [{slug: all, scope: organization, amountUsd: "1000", period: total}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: carol, actor: employee/ada}]
        """;

    public void Dispose() => _key.Dispose();

    private const string Rules = """
        budgets: [{slug: all, scope: organization, amountUsd: "1000", period: total}]
        policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]
        keys: [{slug: ada, actor: employee/ada, tools: ["*"]}, {slug: bob, actor: employee/bob}]
        """;

    private static string Entra(string root, string secret, string scope) => JsonSerializer.Serialize(new
    {
        tenant_id = "t-1", client_id = "c-1", client_secret = secret, scope, authority = root,
    });

    private string ServiceAccount(string root) => JsonSerializer.Serialize(new
    {
        type = "service_account", project_id = "p1", private_key_id = "k1", private_key = _key.ExportPkcs8PrivateKeyPem(),
        client_email = "spendra@p1.iam.example", token_uri = root + "/token",
    });

    /// <summary>The longest run of the private key that every spelling of JSON leaves as it is.</summary>
    private string PieceOfKey() =>
        _key.ExportPkcs8PrivateKeyPem().Split('\n', '+', '/', '=', '-', ' ').MaxBy(piece => piece.Length)!;
}
