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

    [Fact]
    public async Task What_was_read_of_a_body_before_is_a_part_of_the_call()
    {
        var http = Call("/budgets", "", "{}");
        await http.Request.Body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        (await Repetition.BindAsync(http, null!))!.RequestDigest.Should().Equal(await DigestAsync("/budgets", "", "{}"));
        http.Request.Body.Position.Should().Be(0);
    }

    [Fact]
    public async Task A_body_of_which_another_may_have_read_is_not_taken_for_the_whole()
    {
        var http = Call("/budgets", "", "{}");
        http.Request.Body = System.IO.Pipelines.PipeReader.Create(http.Request.Body).AsStream();

        var bind = async () => await Repetition.BindAsync(http, null!);
        await bind.Should().ThrowAsync<InvalidOperationException>().WithMessage("*not kept*");
    }

    private static async Task<byte[]> DigestAsync(string path, string query, string body) =>
        (await Repetition.BindAsync(Call(path, query, body), null!))!.RequestDigest;

    private static DefaultHttpContext Call(string path, string query, string body)
    {
        var http = new DefaultHttpContext { Request = { Method = "POST", Path = path, QueryString = new QueryString(query) } };
        http.Request.Body = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body));
        http.Request.Headers[Repetition.Header] = "k";
        return http;
    }
}
