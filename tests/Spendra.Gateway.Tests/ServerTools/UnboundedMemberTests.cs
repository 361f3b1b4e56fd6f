using Spendra.Core.Governance;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>Members of a body that make a provider do more than the one pass that is bounded: agents, searches, documents.</summary>
public sealed class UnboundedMemberTests
{
    [Theory]
    [InlineData("responses", "\"multi_agent\":{\"enabled\":true}", "agents")]
    [InlineData("responses", "\"multi_agent\":{\"enabled\":true,\"max_concurrent_subagents\":1}", "agents")]
    [InlineData("responses", "\"multi_agent\":{\"enabled\":\"false\"}", "agents")]
    [InlineData("responses", "\"multi_agent\":{}", "agents")]
    [InlineData("responses", "\"multi_agent\":true", "agents")]
    [InlineData("responses", "\"mul\\u0074i_agent\":{\"enabled\":true}", "agents")]
    [InlineData("responses", "\"agent\":{\"type\":\"agent_reference\",\"name\":\"a\"}", "agent")]
    [InlineData("responses", "\"agent_reference\":{\"type\":\"agent_reference\",\"name\":\"a\"}", "agent")]
    [InlineData("responses.input_tokens", "\"multi_agent\":{\"enabled\":true}", "agents")]
    [InlineData("chat.completions", "\"data_sources\":[{\"type\":\"azure_search\",\"parameters\":{}}]", "documents")]
    [InlineData("chat.completions", "\"dataSources\":[{\"type\":\"AzureCognitiveSearch\"}]", "documents")]
    [InlineData("chat.completions", "\"data_sources\":[]", "documents")]
    [InlineData("chat.completions", "\"enhancements\":{\"grounding\":{\"enabled\":true}}", "enhancements")]
    [InlineData("chat.completions", "\"search_parameters\":{\"mode\":\"auto\"}", "search")]
    public void What_starts_work_that_nothing_bounds_is_refused(string route, string more, string why)
    {
        var (_, refusal) = ToolCall.Bound(Body(route, more), RouteOf(route));

        refusal!.CodeName.Should().Be("unpriceable_request");
        refusal.Message.Should().Contain(why);
    }

    [Theory]
    [InlineData("responses", "\"multi_agent\":null,\"agent\":null,\"agent_reference\":null")]
    [InlineData("responses", "\"multi_agent\":{\"enabled\":false}")]
    [InlineData("responses", "\"multi_agent\":{\"max_concurrent_subagents\":3,\"enabled\":false}")]
    [InlineData("responses", "\"metadata\":{\"multi_agent\":\"x\",\"agent\":\"y\"}")]
    [InlineData("chat.completions", "\"data_sources\":null,\"dataSources\":null,\"enhancements\":null,\"search_parameters\":null")]
    public void What_is_switched_off_passes_as_it_is(string route, string more)
    {
        var body = Body(route, more);
        var (call, refusal) = ToolCall.Bound(body, RouteOf(route));

        refusal.Should().BeNull();
        ToolCall.Sent(call).Should().Be(body[..^1] + ",\"service_tier\":\"default\"}");
        call.Bound.Input.Should().Be(body.Length + 64);
    }

    [Fact]
    public void Agents_that_are_switched_off_and_on_are_a_bad_body() =>
        FluentActions.Invoking(() => ToolCall.Bound(Body("responses", "\"multi_agent\":{\"enabled\":false,\"enabled\":true}"), RouteOf("responses")))
            .Should().Throw<Xunit.Sdk.XunitException>().WithMessage("*multi_agent*twice*");

    private static Requests.GovernedRoute RouteOf(string name) => ProviderList.Routes.Single(r => r.Name == name && r.Provider.Name == KnownProvider.OpenAi);

    private static string Body(string route, string more) => route == "chat.completions"
        ? $$"""{"model":"{{ToolCall.Model}}","max_completion_tokens":100,{{more}},"messages":[{"role":"user","content":"Hi"}]}"""
        : $$"""{"model":"{{ToolCall.Model}}","max_output_tokens":100,{{more}},"input":"Hi"}""";
}
