using System.Globalization;
using System.Text.Json.Nodes;
using Spendra.Settings;

namespace Spendra.Tests.Deploy;

/// <summary>What is in <c>deploy/kubernetes</c>, rendered and held against the schema, the program's settings and the docs.</summary>
public sealed class KubernetesTests
{
    private const string Production = "overlays/production";

    /// <summary>Beyond the drain the host takes 5 s at most to write the ledger.</summary>
    private const int StopMarginSeconds = 5;

    private static readonly string[] Folders = ["base", Production, "overlays/evaluation"];

    public static TheoryData<string> EveryFolder => [.. Folders];

    [Theory]
    [MemberData(nameof(EveryFolder))]
    public async Task Every_object_is_one_that_the_schema_knows(string folder)
    {
        var rendered = await RenderedAsync(folder);

        rendered.Errors.Should().BeEmpty();
        rendered.Objects.Count(o => o["kind"]!.ToString() == "Deployment").Should().Be(3);
        rendered.Objects.Should().NotContain(o => o["kind"]!.ToString() == "Secret");
    }

    [Theory]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true", "/spec/template/spec/containers/0/securityContext/readOnlyRootFileSystem: there is no such member")]
    [InlineData("maxUnavailable: 0", "maxUnavailible: 0", "/spec/strategy/rollingUpdate/maxUnavailible: there is no such member")]
    [InlineData("enableServiceLinks: false", "enableServiceLink: false", "/spec/template/spec/enableServiceLink: there is no such member")]
    [InlineData("stabilizationWindowSeconds: 300", "stabilisationWindowSeconds: 300", "/spec/behavior/scaleDown/stabilisationWindowSeconds: there is no such member")]
    [InlineData("podSelector:", "podSelectors:", "podSelectors: there is no such member")]
    [InlineData("failureThreshold: 150", "failureThreshold: many", "/spec/template/spec/containers/0/startupProbe/failureThreshold: type")]
    [InlineData("sessionAffinity: ClientIP", "sessionAffinity: {}", "/spec/sessionAffinity: type")]
    [InlineData("selector:", "selectors:", ": required")]
    [InlineData("apiVersion: policy/v1", "apiVersion: policy/v1beta1", "is no kind that is checked")]
    public async Task A_member_that_is_misspelt_is_noticed(string right, string wrong, string complaint)
    {
        var yaml = await Manifests.RenderAsync(Production);
        yaml.Should().Contain(right);

        var checkedAgain = await Manifests.CheckAsync(yaml.Replace(right, wrong));

        checkedAgain.Errors.Should().Contain(e => e.Contains(complaint));
    }

    [Theory]
    [MemberData(nameof(EveryFolder))]
    public async Task Every_pod_is_what_the_restricted_standard_asks_for_and_more(string folder)
    {
        foreach (var pod in (await RenderedAsync(folder)).Pods)
        {
            var security = pod.Spec["securityContext"]!;
            ((bool)security["runAsNonRoot"]!).Should().BeTrue(pod.Name);
            ((long)security["runAsUser"]!).Should().BePositive(pod.Name);
            security["seccompProfile"]!["type"]!.ToString().Should().Be("RuntimeDefault", pod.Name);
            ((bool)pod.Spec["automountServiceAccountToken"]!).Should().BeFalse(pod.Name);
            var container = pod.Container["securityContext"]!;
            ((bool)container["allowPrivilegeEscalation"]!).Should().BeFalse(pod.Name);
            ((bool)container["readOnlyRootFilesystem"]!).Should().BeTrue(pod.Name);
            container["capabilities"]!.ToJsonString().Should().Be("""{"drop":["ALL"]}""", pod.Name);
            string[] forbidden = ["hostNetwork", "hostPID", "hostIPC"];
            pod.Spec.Select(member => member.Key).Should().NotContain(forbidden, pod.Name);
            (pod.Spec["volumes"]?.AsArray() ?? []).Should().OnlyContain(v => v!["emptyDir"] != null, pod.Name);
            pod.Container["resources"]!["limits"]!["memory"].Should().NotBeNull(pod.Name);
        }
    }

    /// <summary>The settings are read by the program's own loader, which refuses what it does not know.</summary>
    [Theory]
    [MemberData(nameof(EveryFolder))]
    public async Task The_variables_of_every_pod_are_settings_that_the_program_reads(string folder)
    {
        var pods = (await RenderedAsync(folder)).Pods.ToList();

        pods.Select(p => p.Name).Should().BeEquivalentTo("spendra-control", "spendra-gateway", "spendra-worker", "spendra-migrate");
        foreach (var pod in pods.Where(p => p.Arguments[0] == "serve"))
        {
            var options = Load(pod);
            options.Role.ToString().ToLowerInvariant().Should().Be(pod.Name["spendra-".Length..]);
            options.Urls.Should().Be("http://*:8080");
            options.Gateway.PublicUrl.Should().NotBeNull();
            pod.Variables.Secret.Values.Should().BeEquivalentTo("spendra/database", "spendra/master-key");
        }
        var migrate = pods.Single(p => p.Name == "spendra-migrate");
        migrate.Arguments.Should().Equal("migrate");
        migrate.Variables.Secret.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("SPENDRA__DATABASE", "spendra/database"));
    }

    [Fact]
    public async Task A_variable_that_is_no_setting_is_noticed()
    {
        var yaml = (await Manifests.RenderAsync("base")).Replace("SPENDRA__GATEWAY__DRAINSECONDS", "SPENDRA__GATEWAY__DRAINSECOND");
        var pod = (await Manifests.CheckAsync(yaml)).Pods.First(p => p.Arguments[0] == "serve");

        var loading = () => Load(pod);

        loading.Should().Throw<SettingsException>().WithMessage("*SPENDRA__GATEWAY__DRAINSECOND is not a setting*");
    }

    [Theory]
    [MemberData(nameof(EveryFolder))]
    public async Task A_pod_that_ends_has_time_for_its_drain_and_is_missed_by_nobody_before(string folder)
    {
        foreach (var pod in (await RenderedAsync(folder)).Pods.Where(p => p.Arguments[0] == "serve"))
        {
            var preStop = (int)pod.Container["lifecycle"]!["preStop"]!["sleep"]!["seconds"]!;
            var drain = Load(pod).Gateway.DrainSeconds;
            ((int)pod.Spec["terminationGracePeriodSeconds"]!).Should().BeGreaterThan(preStop + drain + StopMarginSeconds, pod.Name);
            preStop.Should().BeGreaterThanOrEqualTo((int)pod.Container["readinessProbe"]!["periodSeconds"]!, pod.Name);
            pod.Container["readinessProbe"]!["httpGet"]!["path"]!.ToString().Should().Be("/readyz");
            pod.Container["livenessProbe"]!["httpGet"]!["path"]!.ToString().Should().Be("/healthz");
            pod.Container["startupProbe"]!["httpGet"]!["path"]!.ToString().Should().Be("/healthz");
        }
    }

    [Fact]
    public async Task Every_role_is_kept_alive_while_nodes_are_drained_and_those_with_visitors_grow()
    {
        var rendered = await RenderedAsync(Production);

        foreach (var role in (string[])["control", "gateway", "worker"])
        {
            var pod = rendered.Pods.Single(p => p.Name == $"spendra-{role}");
            var budget = rendered.Find("PodDisruptionBudget", $"spendra-{role}")["spec"]!;
            ShouldSelect(budget["selector"]!["matchLabels"]!, pod);
            ((int)budget["maxUnavailable"]!).Should().Be(1);
            var scaled = rendered.Objects.Where(o => o["kind"]!.ToString() == "HorizontalPodAutoscaler" && o["spec"]!["scaleTargetRef"]!["name"]!.ToString() == pod.Name).ToList();
            // What is scaled must not name a number too: each application of the file would reset it.
            (scaled.Count, pod.Owner["spec"]!["replicas"] is null).Should().Be(role == "worker" ? (0, false) : (1, true), role);
            var least = scaled.Count > 0 ? (int)scaled[0]["spec"]!["minReplicas"]! : (int)pod.Owner["spec"]!["replicas"]!;
            least.Should().BeGreaterThan(1, role);
        }
    }

    [Theory]
    [MemberData(nameof(EveryFolder))]
    public async Task Services_find_their_pods_and_the_dashboard_keeps_its_visitors(string folder)
    {
        var rendered = await RenderedAsync(folder);

        foreach (var role in (string[])["control", "gateway"])
        {
            var service = rendered.Find("Service", $"spendra-{role}")["spec"]!;
            var pod = rendered.Pods.Single(p => p.Name == $"spendra-{role}");
            ShouldSelect(service["selector"]!, pod);
            service["ports"]![0]!["targetPort"]!.ToString().Should().Be(pod.Container["ports"]![0]!["name"]!.ToString());
            pod.Container["ports"]![0]!["containerPort"]!.ToString().Should().Be("8080");
        }
        rendered.Find("Service", "spendra-control")["spec"]!["sessionAffinity"]!.ToString().Should().Be("ClientIP");
        if (folder == Production)
        {
            rendered.Find("Ingress", "spendra-control")["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/affinity"]!.ToString().Should().Be("cookie");
            int.Parse(rendered.Find("Ingress", "spendra-control")["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/proxy-read-timeout"]!.ToString(), CultureInfo.InvariantCulture)
                .Should().BeGreaterThan(60, "a page's connection may be silent for a minute");
        }
    }

    [Theory]
    [MemberData(nameof(EveryFolder))]
    public async Task Network_policies_hold_for_our_pods_alone_and_forbid_what_none_allows(string folder)
    {
        var rendered = await RenderedAsync(folder);
        var policies = rendered.Objects.Where(o => o["kind"]!.ToString() == "NetworkPolicy").ToList();

        foreach (var policy in policies)
            policy["spec"]!["podSelector"]!["matchLabels"]!["app.kubernetes.io/name"]!.ToString().Should().Be("spendra", Manifests.NameOf(policy));
        var nobody = rendered.Find("NetworkPolicy", "spendra-nobody")["spec"]!;
        nobody["policyTypes"]!.ToJsonString().Should().Be("""["Ingress","Egress"]""");
        (nobody["ingress"] ?? nobody["egress"]).Should().BeNull();
        foreach (var pod in rendered.Pods) ShouldSelect(nobody["podSelector"]!["matchLabels"]!, pod);
        policies.Where(p => p["spec"]!["ingress"] is not null).Select(Manifests.NameOf).Should().BeEquivalentTo("spendra-control", "spendra-gateway");
        var outside = rendered.Find("NetworkPolicy", "spendra-outside")["spec"]!["egress"]![0]!["to"]![0]!["ipBlock"]!;
        outside["except"]!.AsArray().Select(n => n!.ToString()).Should().Contain(["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]);
    }

    private static async Task<Manifests> RenderedAsync(string folder) => await Manifests.CheckAsync(await Manifests.RenderAsync(folder));

    private static void ShouldSelect(JsonNode selector, Pod pod)
    {
        foreach (var (name, value) in selector.AsObject()) pod.Labels[name]?.ToString().Should().Be(value!.ToString(), $"{pod.Name} is selected by {name}");
    }

    private static SpendraOptions Load(Pod pod)
    {
        var variables = pod.Variables.Plain.ToDictionary(v => v.Key, v => v.Value);
        foreach (var name in pod.Variables.Secret.Keys)
            variables[name] = name == "SPENDRA__DATABASE" ? "postgres://spendra:secret@db.example:5432/spendra?sslmode=verify-full&MaxPoolSize=50" : Convert.ToBase64String(new byte[32]);
        var commandLine = SettingSource.CommandLine();
        if (pod.Arguments is [_, "--role", var role]) commandLine.Set("Role", role);
        return SettingsLoader.Load(commandLine, variables, Path.Combine(Path.GetTempPath(), "no-such-spendra.json"));
    }
}
