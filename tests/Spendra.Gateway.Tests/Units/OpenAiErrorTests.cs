using System.Text;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Tests.Units;

/// <summary>What counts as a provider's own error, which alone gives back what a 503 held.</summary>
public sealed class OpenAiErrorTests
{
    [Theory]
    [InlineData("""{"error":{"message":"Come again."}}""", true)]
    [InlineData("""[{"error":{"code":503,"message":"Come again."}}]""", true)]
    [InlineData("\n[ {\"error\":{\"code\":503}} ]\r\n", true)]
    [InlineData("""[{"error":{}},{"error":{}}]""", false)]
    [InlineData("""[[{"error":{}}]]""", false)]
    [InlineData("""[{"choices":[]}]""", false)]
    [InlineData("""[{"error":{"code":503}}""", false)]
    [InlineData("""{"error":{"code":503}}]""", false)]
    [InlineData("[]", false)]
    [InlineData("[", false)]
    [InlineData("", false)]
    [InlineData("<html>upstream overloaded</html>", false)]
    public void An_error_stands_alone_or_in_a_list_of_one_as_Google_has_it(string body, bool isError) =>
        OpenAiDialect.Instance.IsError(Encoding.UTF8.GetBytes(body)).Should().Be(isError);
}
