using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>Files as clients upload them.</summary>
internal static class Uploads
{
    public static MultipartFormDataContent Form(string name, string content) => new()
    {
        { new StringContent("user_data"), "purpose" },
        { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "file", name },
    };

    public static async Task<Answer> SendAsync(Company company, string name, string content, string key = "k1")
    {
        using var client = company.Client(key);
        using var request = new HttpRequestMessage(HttpMethod.Post, "files") { Content = Form(name, content) };
        return await Answer.SendAsync(client, request);
    }
}
