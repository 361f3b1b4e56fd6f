using System.Text.Json;
using System.Text.Json.Nodes;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Deploy;

/// <summary>
/// The Helm chart. It is rendered by the template engine of Go, which is Helm's; where there is a Helm, by that as well, and both must
/// say the same.
/// </summary>
public sealed class ChartTests
{
    private static readonly string Chart = Path.Combine(SpendraProcess.Root, "deploy", "helm", "spendra");

    [Fact]
    public async Task As_it_comes_the_chart_is_the_base_for_Kustomize()
    {
        var chart = await RenderedAsync();
        var kustomize = await Manifests.CheckAsync(await Manifests.RenderAsync("base"));

        chart.Errors.Should().BeEmpty();
        var (ours, theirs) = (Comparable(chart), Comparable(kustomize));
        ours.Keys.Should().BeEquivalentTo(theirs.Keys);
        foreach (var (name, text) in ours) text.Should().Be(theirs[name], name);
    }

    [Theory]
    [InlineData("""{"drainSecond": 5}""", "drainSecond")]
    [InlineData("""{"roles": {"gateway": {"replica": 3}}}""", "replica")]
    [InlineData("""{"roles": {"sweeper": {}}}""", "sweeper")]
    [InlineData("""{"image": {"digest": "latest"}}""", "/image/digest")]
    [InlineData("""{"settings": {"SPENDRA__DATABASE": "postgres://spendra:secret@db/spendra"}}""", "SPENDRA__DATABASE")]
    [InlineData("""{"secrets": {"SPENDRA__MASTERKEY": null}}""", "SPENDRA__MASTERKEY")]
    [InlineData("""{"networkPolicy": {"databaseCidr": "somewhere"}}""", "databaseCidr")]
    public async Task Values_that_are_wrong_are_refused_by_name(string values, string named)
    {
        var said = await RenderAsync(values);

        said.GetProperty("manifests").GetString().Should().BeEmpty();
        said.GetProperty("errors").EnumerateArray().Select(e => e.GetString()!).Should().Contain(e => e.Contains(named));
    }

    [Fact]
    public async Task Other_values_make_other_objects_that_the_schema_knows()
    {
        var chart = await RenderedAsync("""
            {
              "image": {"repository": "mirror.acme.example/spendra", "digest": "sha256:{digest}", "pullSecrets": ["mirror"]},
              "settings": {"SPENDRA__CONTROL__TRUSTEDPROXIES": "10.0.0.0/8;127.0.0.1", "SPENDRA__OIDC__NAME": "Acme \"people\""},
              "secrets": {"SPENDRA__OIDC__CLIENTSECRET": {"name": "oidc", "key": "secret"}},
              "serviceAccount": {"annotations": {"cloud.example/role": "exports"}},
              "drainSeconds": 300, "terminationGracePeriodSeconds": 320,
              "roles": {"gateway": {"autoscaling": {"enabled": false}, "replicas": 7}, "worker": {"autoscaling": {"enabled": true, "max": 4}}},
              "migration": {"enabled": false}, "networkPolicy": {"enabled": false},
              "ingress": {"gateway": {"className": "nginx", "host": "ai.acme.example", "tlsSecret": "ai", "annotations": {"a.example/b": "off"}} }
            }
            """.Replace("{digest}", new string('a', 64)));

        chart.Errors.Should().BeEmpty();
        chart.Objects.Should().NotContain(o => o["kind"]!.ToString() == "Job" || o["kind"]!.ToString() == "NetworkPolicy");
        var gateway = chart.Pods.Single(p => p.Name == "spendra-gateway");
        gateway.Container["image"]!.ToString().Should().Be($"mirror.acme.example/spendra@sha256:{new string('a', 64)}");
        gateway.Spec["imagePullSecrets"]!.ToJsonString().Should().Be("""[{"name":"mirror"}]""");
        ((int)gateway.Owner["spec"]!["replicas"]!).Should().Be(7);
        gateway.Variables.Plain["SPENDRA__OIDC__NAME"].Should().Be("Acme \"people\"");
        gateway.Variables.Plain["SPENDRA__GATEWAY__DRAINSECONDS"].Should().Be("300");
        gateway.Variables.Secret["SPENDRA__OIDC__CLIENTSECRET"].Should().Be("oidc/secret");
        chart.Objects.Where(o => o["kind"]!.ToString() == "HorizontalPodAutoscaler").Select(Manifests.NameOf).Should().BeEquivalentTo("spendra-control", "spendra-worker");
        chart.Find("Ingress", "spendra-gateway")["spec"]!["rules"]![0]!["host"]!.ToString().Should().Be("ai.acme.example");
        chart.Find("ServiceAccount", "spendra")["metadata"]!["annotations"]!["cloud.example/role"]!.ToString().Should().Be("exports");
    }

    [Fact]
    public async Task Helm_itself_renders_the_same()
    {
        Assert.SkipUnless(Manifests.IsInstalled("helm"), "helm is not installed: the chart is rendered by the template engine of Go alone");

        var helm = (await SpendraProcess.RunAsync("helm", ["template", "spendra", Chart], Manifests.NoVariables, SpendraProcess.Root)).ShouldSucceed().Output;

        Comparable(await Manifests.CheckAsync(helm)).Should().BeEquivalentTo(Comparable(await RenderedAsync()));
    }

    private static Task<JsonElement> RenderAsync(string values) => Manifests.NodeAsync("chart.mjs", [Chart], values);

    private static async Task<Manifests> RenderedAsync(string values = "{}")
    {
        var said = await RenderAsync(values);
        said.GetProperty("errors").EnumerateArray().Should().BeEmpty();
        return await Manifests.CheckAsync(said.GetProperty("manifests").GetString()!);
    }

    /// <summary>Objects by kind and name, without what the two ways say differently: who made them, where variables come from, and when a job runs.</summary>
    private static SortedDictionary<string, string> Comparable(Manifests manifests)
    {
        var variables = manifests.Pods.ToDictionary(p => p.Name, p => JsonSerializer.SerializeToNode(p.Variables.Plain.Concat(p.Variables.Secret).ToDictionary()));
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var o in manifests.Objects.Where(o => o["kind"]!.ToString() != "ConfigMap"))
        {
            if (variables.TryGetValue(Manifests.NameOf(o), out var of) && o["kind"]!.ToString() is "Deployment" or "Job")
            {
                var container = o["spec"]!["template"]!["spec"]!["containers"]![0]!.AsObject();
                container.Remove("envFrom");
                container["env"] = of!.DeepClone();
            }
            o["metadata"]!.AsObject().Remove("annotations");
            texts[$"{o["kind"]} {Manifests.NameOf(o)}"] = Ordered(o)!.ToJsonString();
        }
        return texts;
    }

    private static JsonNode? Ordered(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.Where(m => m.Key != "app.kubernetes.io/instance").OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Ordered(m.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Ordered)]),
        _ => node?.DeepClone(),
    };
}
