using System.Text.Json;
using System.Text.Json.Nodes;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Deploy;

/// <summary>Objects of Kubernetes as they are rendered, and what the schema of its API says of them.</summary>
internal sealed record Manifests(IReadOnlyList<JsonObject> Objects, IReadOnlyList<string> Errors)
{
    /// <summary>The kinds that run pods, with their pods.</summary>
    public IEnumerable<Pod> Pods => Objects.Where(o => o["kind"]!.ToString() is "Deployment" or "Job").Select(o => new Pod(this, o));

    public JsonObject Find(string kind, string name) => Objects.Single(o => o["kind"]!.ToString() == kind && NameOf(o) == name);

    public static string NameOf(JsonObject o) => o["metadata"]!["name"]!.ToString();

    /// <summary>What <c>kubectl kustomize</c> makes of a folder in <c>deploy/kubernetes</c>.</summary>
    public static async Task<string> RenderAsync(string folder)
    {
        Assert.SkipUnless(IsInstalled("kubectl"), "kubectl is not installed: install it to render deploy/kubernetes");
        var path = Path.Combine(SpendraProcess.Root, "deploy", "kubernetes", folder);
        return (await SpendraProcess.RunAsync("kubectl", ["kustomize", path], NoVariables, SpendraProcess.Root)).ShouldSucceed().Output;
    }

    public static async Task<Manifests> CheckAsync(string yaml)
    {
        var said = await NodeAsync("kubernetes-check.mjs", [], yaml);
        return new Manifests(
            [.. said.GetProperty("objects").EnumerateArray().Select(o => JsonNode.Parse(o.GetRawText())!.AsObject())],
            [.. said.GetProperty("errors").EnumerateArray().Select(e => e.GetString()!)]);
    }

    /// <summary>One of the programs in <c>tests/clients</c>; it prints one JSON document.</summary>
    public static async Task<JsonElement> NodeAsync(string program, string[] arguments, string input = "")
    {
        var clients = Path.Combine(SpendraProcess.Root, "tests", "clients");
        Directory.Exists(Path.Combine(clients, "node_modules", "kubernetes-models")).Should().BeTrue(
            "the schema must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        return (await SpendraProcess.RunAsync("node", [program, .. arguments], NoVariables, clients, input)).ShouldSucceed().Json;
    }

    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    public static IReadOnlyDictionary<string, string?> NoVariables { get; } = new Dictionary<string, string?>();
}

/// <summary>The pod of a deployment or a job, with its one container.</summary>
internal sealed record Pod(Manifests Among, JsonObject Owner)
{
    public string Name => Manifests.NameOf(Owner);

    public JsonObject Labels => Owner["spec"]!["template"]!["metadata"]!["labels"]!.AsObject();

    public JsonObject Spec => Owner["spec"]!["template"]!["spec"]!.AsObject();

    public JsonObject Container => Spec["containers"]!.AsArray().Should().ContainSingle(Name).Subject!.AsObject();

    public IReadOnlyList<string> Arguments => [.. Container["args"]!.AsArray().Select(a => a!.ToString())];

    /// <summary>Its variables: those with a value, and by which key of which secret the others come.</summary>
    public (IReadOnlyDictionary<string, string> Plain, IReadOnlyDictionary<string, string> Secret) Variables
    {
        get
        {
            var (plain, secret) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new SortedDictionary<string, string>(StringComparer.Ordinal));
            foreach (var source in Container["envFrom"]?.AsArray() ?? [])
            {
                foreach (var (name, value) in Among.Find("ConfigMap", source!["configMapRef"]!["name"]!.ToString())["data"]!.AsObject()) plain[name] = value!.ToString();
            }
            foreach (var variable in Container["env"]?.AsArray() ?? [])
            {
                var name = variable!["name"]!.ToString();
                if (variable["value"] is { } value) plain[name] = value.ToString();
                else secret[name] = $"{variable["valueFrom"]!["secretKeyRef"]!["name"]}/{variable["valueFrom"]!["secretKeyRef"]!["key"]}";
            }
            return (plain, secret);
        }
    }
}
