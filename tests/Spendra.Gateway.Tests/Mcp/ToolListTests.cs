namespace Spendra.Gateway.Tests;

/// <summary>A key sees the tools that it may call, in the protocol and beside it.</summary>
public sealed class ToolListTests
{
    [Theory]
    [InlineData("[\"*\"]", "", "search translate")]
    [InlineData("[finder/search]", "", "search")]
    [InlineData("[finder/send_mail]", "", "")]
    [InlineData("[\"finder/*\"]", "defaultToolUsd: \"1\"", "search translate send_mail")]
    public async Task A_list_has_what_the_key_may_call(string scope, string more, string names)
    {
        await using var company = await Company.StartAsync(Tools.Rules(scope: scope, more: more));
        using var talk = await ToolTalk.BeginAsync(company);

        var answer = (await talk.SendAsync(Tools.Message("tools/list"))).ShouldBe(200);

        var tools = answer.Json["result"]!["tools"]!.AsArray();
        string.Join(' ', tools.Select(t => (string?)t!["name"])).Should().Be(names);
        tools.Should().OnlyContain(t => t!["inputSchema"] != null);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Fact]
    public async Task Tools_are_listed_with_price_and_permission_without_asking_a_server()
    {
        await using var company = await Company.StartAsync(Tools.Rules(scope: "[finder/search, \"other/*\"]") with
        {
            Policies = ["{slug: limit, kind: request_limit, scope: organization, maxRequestUsd: \"0.015\"}"],
        });

        var answer = (await company.GetAsync("tools")).ShouldBe(200);

        answer.Json["data"]!.AsArray().Select(t => $"{t!["id"]} {t["server"]} {t["tool"]} {t["price_usd"]} {t["permission"]}").Should().Equal(
            "finder/search finder search 0.01 allowed",
            "other/* other * 0.02 request_limit_exceeded");
        company.Journal.Count.Should().Be(0);
        using var nobody = company.Anonymous();
        (await Answer.SendAsync(nobody, new HttpRequestMessage(HttpMethod.Get, "tools"))).ShouldBe(401, "invalid_api_key");
    }

    [Fact]
    public async Task Tools_are_no_models()
    {
        await using var company = await Company.StartAsync(Tools.Rules());

        (await company.GetAsync("models")).ShouldBe(200).Text.Should().NotContain("finder");
    }
}
