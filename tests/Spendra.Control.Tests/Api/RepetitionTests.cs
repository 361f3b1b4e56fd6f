using Microsoft.AspNetCore.Http;
using Spendra.Control.Shell;

namespace Spendra.Control.Tests.Api;

/// <summary>What makes two calls with one idempotency key the same call.</summary>
public sealed class RepetitionTests
{
    [Theory]
    [InlineData("/budgets", "?simulate=30d", "{}")]
    [InlineData("/budgets", "", "{} ")]
    [InlineData("/policies", "", "{}")]
    public async Task A_call_to_another_address_with_another_query_or_body_is_another_call(string path, string query, string body)
    {
        var first = await DigestAsync("/budgets", "", "{}");
        (await DigestAsync("/budgets", "", "{}")).Should().Equal(first);
        (await DigestAsync(path, query, body)).Should().NotEqual(first);
    }

    private static async Task<byte[]> DigestAsync(string path, string query, string body)
    {
        var http = new DefaultHttpContext { Request = { Method = "POST", Path = path, QueryString = new QueryString(query) } };
        http.Request.Body = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body));
        http.Request.Headers[Repetition.Header] = "k";
        return (await Repetition.BindAsync(http, null!))!.RequestDigest;
    }
}
