using Spendra.Control.Alerts;
using Spendra.Control.Catalog;
using Spendra.Control.FirstRun;
using Spendra.Control.Members;
using Spendra.Control.Providers;
using Spendra.Core.Access;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>What people type into forms, as it is sent.</summary>
public sealed class TypedFormTests
{
    [Fact]
    public void Scopes_and_a_limit_are_sent_only_with_a_role_that_has_a_use_for_them()
    {
        var draft = new MembershipDraft { Role = "manager", Scopes = " team/search  team/ads ", ApprovalLimit = "250" };
        draft.ReadScopes().Should().Equal("team/search", "team/ads");
        draft.TryReadLimit(out var limit, out _).Should().BeTrue();
        limit.Should().Be(NanoUsd.FromUsd(250));

        draft.Role = "auditor";
        draft.ReadScopes().Should().BeNull();
        draft.TryReadLimit(out limit, out _).Should().BeTrue();
        limit.Should().BeNull();
    }

    [Fact]
    public void A_limit_that_is_no_amount_names_its_field()
    {
        new MembershipDraft { Role = "manager", ApprovalLimit = "much" }.TryReadLimit(out _, out var problem).Should().BeFalse();
        problem!.Of("approvalLimitUsd").Should().NotBeNull();
    }

    [Fact]
    public void Every_capability_is_told_in_words_of_its_own() =>
        Capabilities.All.Select(RoleWords.Of).Should().OnlyHaveUniqueItems().And.NotContain(text => text.Contains('_'));

    [Fact]
    public void Prices_of_tools_are_read_back_as_they_are_written()
    {
        var (body, _) = ToolPriceLines.Read("web_search 0.01\nfree tool 0\n", "0.5");
        body!.Tools.Should().Equal(new Dictionary<string, NanoUsd> { ["free tool"] = NanoUsd.Zero, ["web_search"] = new(10_000_000) });
        body.DefaultToolUsd.Should().Be(new NanoUsd(500_000_000));
        ToolPriceLines.Read(ToolPriceLines.Write(body.Tools), "").Body!.Tools.Should().Equal(body.Tools);
    }

    [Theory]
    [InlineData("web_search", "")]
    [InlineData("web_search free", "")]
    [InlineData("a 1\na 2", "")]
    public void A_line_without_one_price_for_one_tool_is_told(string lines, string others) =>
        ToolPriceLines.Read(lines, others).Problem!.Of("tools").Should().NotBeNull();

    [Fact]
    public void Deployments_are_lines_and_mean_something_for_azure_alone()
    {
        var form = new AccountForm { Provider = "azure", Deployments = "chat-eu gpt-5.4\n\nmini gpt-5.4-mini" };
        form.ReadDeployments().Deployments.Should().Equal(new Dictionary<string, string> { ["chat-eu"] = "gpt-5.4", ["mini"] = "gpt-5.4-mini" });

        form.Deployments = "chat-eu";
        form.ReadDeployments().Problem!.Of("deployments").Should().Contain("chat-eu");

        form.Provider = "openai";
        form.ReadDeployments().Should().Be((null, null));
    }

    [Fact]
    public void An_agreed_price_leaves_out_what_was_left_empty()
    {
        var (body, _) = new OfferForm { Kind = "price", Provider = "openai", Model = " gpt-5.4 ", Input = "1.25", Output = "10" }.Read();
        var price = body!.Prices!.Single();
        (price.Model, price.InputUsd, price.CachedInputUsd, price.OutputUsd).Should().Be(("gpt-5.4", new NanoUsd(1_250_000_000), null, NanoUsd.FromUsd(10)));
        new OfferForm { Kind = "price", Input = "1", Output = "ten" }.Read().Problem!.Of("outputUsd").Should().NotBeNull();
    }

    [Theory]
    [InlineData("email")]
    [InlineData("slack")]
    [InlineData("teams")]
    [InlineData("pagerduty")]
    [InlineData("webhook")]
    public void A_channel_has_the_target_of_its_kind_and_no_other(string kind)
    {
        var body = new ChannelForm { Slug = "main", Kind = kind }.ToNew();
        var targets = new Dictionary<string, object?> { ["email"] = body.Email, ["slack"] = body.Slack, ["teams"] = body.Teams, ["pagerduty"] = body.PagerDuty, ["webhook"] = body.Webhook };
        targets.Where(t => t.Value is not null).Select(t => t.Key).Should().Equal(kind);
    }

    [Theory]
    [InlineData("Ada.Lovelace", "ada-lovelace")]
    [InlineData("_x_", "x")]
    [InlineData("a. b", "a-b")]
    [InlineData("Ölçü", "l")]
    [InlineData("…", "me")]
    public void A_short_name_is_made_of_an_address(string text, string slug) => SlugText.Of(text).Should().Be(slug);
}
