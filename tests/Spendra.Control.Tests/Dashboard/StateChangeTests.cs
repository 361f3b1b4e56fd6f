using System.Text.Json;
using Spendra.Control.Audit;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>What a change of state is shown as.</summary>
public sealed class StateChangeTests
{
    [Fact]
    public void What_changed_comes_first_and_fields_within_fields_have_a_name()
    {
        var changes = StateChange.Of(Json("""{"slug":"acme","amountUsd":"10","filter":{"provider":"openai"},"gone":null}"""),
            Json("""{"slug":"acme","amountUsd":"12","filter":{"provider":"openai","model":"luna"},"tags":["a"]}"""));

        changes.Should().Equal(new("amountUsd", "10", "12"), new("filter.model", null, "luna"), new("tags", null, """["a"]"""),
            new("slug", "acme", "acme"), new("filter.provider", "openai", "openai"));
        StateChange.Of(null, null).Should().BeEmpty();
        StateChange.Of(Json("\"as it was found\""), null).Should().Equal(new StateChange("", "as it was found", null));
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
