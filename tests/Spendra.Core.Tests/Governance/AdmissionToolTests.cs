using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

/// <summary>Tools that run through the gateway: governed by lists of tools, not of models.</summary>
public sealed class AdmissionToolTests
{
    private static readonly RequestShape Call = new()
    {
        Provider = KnownProvider.Mcp, Model = "finder/search", Tools = ["finder/search"], ToolServer = "finder",
    };

    private static readonly RequestShape Handshake = new() { Provider = KnownProvider.Mcp, Model = "", ToolServer = "finder" };

    private readonly World _world = new();

    public AdmissionToolTests() => _world.Key = _world.Key with { Tools = Names("finder/*") };

    [Fact]
    public void Lists_of_models_do_not_speak_of_tools()
    {
        _world.HardCap(200, _world.Budget(300));
        _world.Key = _world.Key with { Models = Names("gpt-4.1-mini") };
        _world.Add(Rule(201, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Models = Names("gpt-4.1-mini") } });

        _world.Admit(Call);
        _world.Admit(Handshake);
    }

    [Fact]
    public void Whoever_may_use_no_tool_of_a_server_may_not_speak_to_it()
    {
        _world.HardCap(200, _world.Budget(300));

        foreach (var scope in new NameSet[] { default, Names(), Names("other/*"), Names("finder") })
        {
            _world.Key = _world.Key with { Tools = scope };
            _world.Deny(Handshake).Code.Should().Be(RefusalCode.ToolNotAllowed);
            _world.Deny(Call).Code.Should().Be(RefusalCode.ToolNotAllowed);
        }
    }

    [Fact]
    public void An_allowlist_of_tools_holds_for_the_server_too()
    {
        _world.HardCap(200, _world.Budget(300));
        var list = _world.Add(Rule(201, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Tools = Names("finder/translate") } });

        _world.Admit(Handshake);
        _world.Deny(Call).PolicySlug.Should().Be(list.Slug);
        _world.Add(list with { Allowed = new PolicyFilter { Tools = Names("web_search") } });
        _world.Deny(Handshake).PolicySlug.Should().Be(list.Slug);
    }

    [Fact]
    public void A_cap_for_a_tool_permits_its_call_and_the_free_messages_around_it()
    {
        var cap = _world.HardCap(200, _world.Budget(300));
        _world.Add(cap with { Filter = new PolicyFilter { Tools = Names("finder/search") } });

        _world.Admit(Call).Claims.Should().ContainSingle();
        _world.Admit(Handshake, "0").Claims.Should().BeEmpty();
        _world.Deny(Call with { Model = "finder/translate", Tools = ["finder/translate"] }).Code.Should().Be(RefusalCode.NoApplicableBudget);
        _world.Key = _world.Key with { Tools = Names("*") };
        _world.Deny(Handshake with { ToolServer = "other" }, "0").Code.Should().Be(RefusalCode.NoApplicableBudget);
    }

    [Fact]
    public void A_cap_for_models_or_for_another_place_permits_no_tool()
    {
        var cap = _world.HardCap(200, _world.Budget(300));
        _world.Add(cap with { Filter = new PolicyFilter { Models = Names("gpt-4.1-mini") } });
        _world.Deny(Call).Code.Should().Be(RefusalCode.NoApplicableBudget);

        _world.Add(cap with { Filter = new PolicyFilter { Tools = Names("finder/*"), Environments = Names("prod") } });
        _world.Deny(Call).Code.Should().Be(RefusalCode.NoApplicableBudget);
        _world.Deny(Handshake, "0").Code.Should().Be(RefusalCode.NoApplicableBudget);
        _world.Admit(Handshake with { Environment = "prod" }, "0");
    }
}
