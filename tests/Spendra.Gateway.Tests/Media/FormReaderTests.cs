using System.Text;
using CsCheck;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Media;

/// <summary>Forms are read strictly: a provider must not read another request in them than was priced.</summary>
public sealed class FormReaderTests
{
    private const string Type = "multipart/form-data; boundary=B";

    private static string Part(string head, string content) => $"--B\r\n{head}\r\n\r\n{content}\r\n";

    private static string Field(string name, string content) => Part($"Content-Disposition: form-data; name=\"{name}\"", content);

    private static Form? Read(string body, out RequestFault? fault, string? type = Type) => FormReader.Read(type, Encoding.Latin1.GetBytes(body), out fault);

    [Theory]
    [InlineData("Content-Disposition: form-data; name=\"model\"", false)]
    [InlineData("content-disposition:form-data;name=model", false)]
    [InlineData("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=model", false)]
    [InlineData("Content-Disposition: form-data; name=model\r\nContent-Transfer-Encoding: binary\r\nContent-Length: 7", false)]
    [InlineData("Content-Disposition: form-data; name=\"model\"; filename=\"a\\\"; name=\\\"n.wav\"", true)]
    [InlineData("Content-Disposition: form-data; name=model; filename=a.wav; filename*=utf-8''a.wav", true)]
    public void Fields_are_found_as_clients_write_them(string head, bool isFile)
    {
        var body = Field("n", "2") + Part(head, "whisper\r\n--b\nx--B\n") + "--B--\r\n";

        var form = Read(body, out var fault)!;

        fault.Should().BeNull();
        form.Parts.Select(p => (p.Name, p.IsFile, body.Substring(p.Content.Start, p.Content.Length)))
            .Should().Equal(("n", false, "2"), ("model", isFile, "whisper\r\n--b\nx--B\n"));
        form.ContentType.Should().Be("multipart/form-data; boundary=\"B\"");
    }

    public static TheoryData<string> Ambiguous() => new(
        "", "--B", "--B--x", "--B\r\n", "--C\r\n",
        "preamble\r\n" + Field("n", "1") + "--B--", "\r\n" + Field("n", "1") + "--B--",
        Field("n", "1") + "--B--\r\nepilogue", Field("n", "1") + "--B--\n", Field("n", "1") + "--B --", Field("n", "1") + "--B",
        Field("n", "1\r\n--Bad") + "--B--", Field("n", "1"), "--B \r\n" + Field("n", "1")[5..] + "--B--", Field("n", "1").Replace("\r\n", "\n") + "--B--",
        Part("Content-Disposition: form-data; name=n\r\nContent-Disposition: form-data; name=model", "1") + "--B--",
        Part("Content-Disposition: form-data; name=n; name=model", "1") + "--B--",
        Part("Content-Disposition: form-data; name=n; name*=utf-8''model", "1") + "--B--",
        Part("Content-Disposition: form-data; name=\"n", "1") + "--B--", Part("Content-Disposition: form-data; name=\"n\\", "1") + "--B--",
        Part("Content-Disposition: form-data; name=\"m%6Fdel\"", "1") + "--B--", Part("Content-Disposition: form-data; name=\"m\\odel\"", "1") + "--B--",
        Part("Content-Disposition: form-data; name=\"m\u00F6del\"", "1") + "--B--", Part("Content-Disposition: form-data; name=\"a b\"", "1") + "--B--",
        Part("Content-Disposition: form-data; name=\"\"", "1") + "--B--", Part("Content-Disposition: form-data", "1") + "--B--",
        Part("Content-Disposition: attachment; name=n", "1") + "--B--", Part("Content-Disposition: form-data; name=n x", "1") + "--B--",
        Part("Content-Disposition: form-data;\r\n name=n", "1") + "--B--", Part("Content-Type: text/plain", "1") + "--B--",
        Part("Content-Disposition: form-data; name=n\r\nContent-Transfer-Encoding: base64", "1") + "--B--",
        Part("Content-Disposition: form-data; name=n\r\nX-More: 1", "1") + "--B--",
        Part("Content-Disposition: form-data; name=n\rX: 1", "1") + "--B--",
        // Some servers end lines by one character alone, or see a boundary where a field begins.
        Field("x", "1\n--B\nContent-Disposition: form-data; name=\"n\"\n\n10") + "--B--", Field("x", "1\r--B\rContent-Disposition: form-data; name=\"n\"\r\r10") + "--B--",
        Field("x", "\n--B--") + "--B--", Field("x", "1\n\n--B--") + "--B--", Field("x", "--B\r\nContent-Disposition: form-data; name=\"n\"") + "--B--",
        string.Concat(Enumerable.Repeat(Field("x", "1"), 201)) + "--B--");

    [Theory]
    [MemberData(nameof(Ambiguous))]
    public void What_two_servers_might_read_differently_is_refused(string body)
    {
        Read(body, out var fault).Should().BeNull();

        fault!.Message.Should().StartWith("The form ");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=")]
    [InlineData("multipart/form-data; boundary=\"\"")]
    [InlineData("multipart/form-data; boundary=B; boundary=C")]
    [InlineData("multipart/form-data; boundary=\"B \"")]
    [InlineData("multipart/mixed; boundary=B")]
    [InlineData("multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789x")]
    public void Without_a_boundary_there_is_no_form(string? type)
    {
        Read(Field("n", "1") + "--B--", out var fault, type).Should().BeNull();

        fault!.Message.Should().Contain("multipart/form-data");
    }

    [Fact]
    public void Any_bytes_are_read_or_refused() =>
        Gen.String[Gen.Char["-B\r\n:;=\" nameContent-Disposition: form-data"], 0, 120].Sample(text =>
        {
            var form = Read("--B\r\n" + text, out var fault);
            (form is null).Should().Be(fault is not null);
        }, iter: 20_000);
}
