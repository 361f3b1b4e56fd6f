using System.Text;
using Spendra.Control.Reconciliation;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>What a provider says of one request is somebody else's text.</summary>
public sealed class GenerationCostTests
{
    [Theory]
    [InlineData("""{"total_cost":0.00123}""", "0.00123")]
    [InlineData("""{"total_cost":"6e-05","is_byok":false}""", "0.00006")]
    [InlineData("""{"total_cost":0}""", "0")]
    [InlineData("""{"total_cost":0.5,"is_byok":null,"upstream_inference_cost":0.5}""", "0.5")]
    [InlineData("""{"total_cost":0.05,"is_byok":true,"upstream_inference_cost":1}""", "1.05")]
    [InlineData("""{"total_cost":10000}""", "10000")]
    public void A_cost_is_read_exactly(string data, string usd) => Read(data).Should().Be(usd);

    [Theory]
    [InlineData("""{"total_cost":-0.1}""")]
    [InlineData("""{"total_cost":10000.000000001}""")]
    [InlineData("""{"total_cost":1e300}""")]
    [InlineData("""{"total_cost":"NaN"}""")]
    [InlineData("""{"total_cost":null}""")]
    [InlineData("""{"total_cost":{"usd":1}}""")]
    [InlineData("""{"total_cost":1,"total_cost":2}""")]
    [InlineData("""{}""")]
    [InlineData("""{"total_cost":1,"is_byok":true}""")]
    [InlineData("""{"total_cost":1,"is_byok":true,"upstream_inference_cost":-1}""")]
    [InlineData("""{"total_cost":1,"is_byok":"yes"}""")]
    [InlineData("""{"total_cost":0.5,"is_byok":false,"upstream_inference_cost":0.6}""")]
    [InlineData("""{"total_cost":0.5,"upstream_inference_cost":[]}""")]
    public void What_cannot_be_believed_is_no_cost(string data) => Read(data).Should().BeNull();

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"data":[]}""")]
    [InlineData("""{"data":{"id":"gen-2","total_cost":1}}""")]
    [InlineData("""{"data":{"total_cost":1}}""")]
    public void An_answer_about_something_else_is_no_cost(string answer) => GenerationCost.Read(Encoding.UTF8.GetBytes(answer), "gen-1").Should().BeNull();

    private static string? Read(string data) =>
        GenerationCost.Read(Encoding.UTF8.GetBytes(("""{"data":{"id":"gen-1",""" + data[1..] + "}").Replace(",}", "}", StringComparison.Ordinal)), "gen-1")?.ToString();
}
