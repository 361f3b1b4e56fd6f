using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Spendra.Gateway.Tests.Hostile;

/// <summary>What a client gets, and what is booked.</summary>
internal enum FaultEnd
{
    /// <summary>The provider did nothing: an error, and nothing is owed.</summary>
    Refused,
    /// <summary>Something is missing: an error, and the bound is owed.</summary>
    Broken,
    /// <summary>The answer passes as it is; nobody can tell what it cost.</summary>
    Unread,
}

/// <summary>A way in which a provider is hostile.</summary>
/// <param name="End">How the call ends.</param>
/// <param name="AnswerAsync">Answers a request of a surface.</param>
internal sealed record HostileFault(FaultEnd End, Func<HostileSurface, Stream, Task> AnswerAsync)
{
    public const int LineBytes = 10 * 1024 * 1024;

    private const int BombMemberBytes = 16 * 1024 * 1024;
    private const int BombMembers = 64;

    // So much of whatever stands there goes in: tokens, or seconds, or what is billed.
    private static readonly Regex Input = new("(?<=(tokens|token_count|TokenCount|seconds)\":)37(?![0-9])", RegexOptions.None, TimeSpan.FromSeconds(1));
    private static readonly Regex Bill = new("(?<=\"cost\":)0.000037", RegexOptions.None, TimeSpan.FromSeconds(1));

    /// <summary>The code of an error, where there is one.</summary>
    public string Code { get; init; } = "upstream_failed";

    /// <summary>The answer does not read as a whole one where it is read whole.</summary>
    public bool IsGarbage { get; init; }

    /// <summary>Another usage than the right one, in an answer that is right otherwise.</summary>
    public bool IsOfUsage { get; init; }

    /// <summary>A GiB of zeros, packed: members follow each other, and every decoder reads on.</summary>
    public static byte[] Bomb { get; } = Pack();

    /// <param name="elsewhere">Where a redirect leads.</param>
    public static Dictionary<string, HostileFault> All(string elsewhere) => new()
    {
        ["another type"] = new(FaultEnd.Unread, (s, n) => WriteAsync(n, "text/html", s.Right)),
        ["no type"] = new(FaultEnd.Unread, (s, n) => SendAsync(n, $"HTTP/1.1 200 OK\nconnection: close\ncontent-length: {Encoding.UTF8.GetByteCount(s.Right)}", Encoding.UTF8.GetBytes(s.Right))),
        ["a line without end"] = new(FaultEnd.Unread, (s, n) => WriteAsync(n, s.MediaType, (s.IsEvents ? "data: {\"x\":\"" : "{\"x\":\"") + new string('x', LineBytes))) { IsGarbage = true },
        ["a bomb"] = new(FaultEnd.Unread, (s, n) => SendAsync(n, $"HTTP/1.1 200 OK\ncontent-type: {s.MediaType}\ncontent-encoding: gzip\nconnection: close\ncontent-length: {Bomb.Length}", Bomb)) { IsGarbage = true },
        ["a redirect"] = new(FaultEnd.Refused, (_, n) => SendAsync(n, $"HTTP/1.1 307 Temporary Redirect\nlocation: {elsewhere}\nconnection: close\ncontent-length: 0")) { Code = "upstream_redirect" },
        ["cut before it begins"] = new(FaultEnd.Broken, (_, _) => Task.CompletedTask),
        ["cut in its head"] = new(FaultEnd.Broken, (_, n) => n.WriteAsync("HTTP/1.1 200 OK\r\ncontent-ty"u8.ToArray()).AsTask()),
        ["cut in its middle"] = new(FaultEnd.Broken, (s, n) => BodyWriter.AnswerAsync(n, "200 OK", s.MediaType, w => w.CutAsync(s.Right[..(s.Right.Length / 2)]))),
        ["negative"] = OfUsage(s => Numbers(s, "-37", "-0.000037")),
        ["huge"] = OfUsage(s => Numbers(s, "37000000000000", "37000000000000")),
        ["beyond any number"] = OfUsage(s => Numbers(s, new string('9', 400), new string('9', 400))),
        ["missing"] = OfUsage(s => s.Right.Replace($"\"{s.Usage.Member}\":", "\"other\":", StringComparison.Ordinal)),
        ["repeated"] = OfUsage(s => UsageOf(s.Usage.Member).Replace(s.Right, m => Input.Replace(m.Value, "36") + "," + m.Value)),
        ["contradictory"] = OfUsage(s => s.Right.Replace($"\"{s.Usage.Member}\":{{", $"\"{s.Usage.Member}\":{{{s.Usage.Contradiction}", StringComparison.Ordinal)),
    };

    private static Regex UsageOf(string member) => new($"\"{member}\":\\{{(?:[^{{}}]|\\{{[^{{}}]*\\}})*\\}}", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static HostileFault OfUsage(Func<HostileSurface, string> answer) =>
        new(FaultEnd.Unread, (s, n) => WriteAsync(n, s.MediaType, answer(s))) { IsOfUsage = true };

    private static string Numbers(HostileSurface surface, string units, string bill) => Bill.Replace(Input.Replace(surface.Right, units), bill);

    private static Task WriteAsync(Stream network, string type, string body) => SendAsync(
        network, $"HTTP/1.1 200 OK\ncontent-type: {type}\nconnection: close\ncontent-length: {Encoding.UTF8.GetByteCount(body)}", Encoding.UTF8.GetBytes(body));

    public static async Task SendAsync(Stream network, string head, params byte[][] body)
    {
        await network.WriteAsync(RawUpstream.Http(head));
        foreach (var piece in body) await network.WriteAsync(piece);
    }

    private static byte[] Pack()
    {
        using var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.SmallestSize, leaveOpen: true)) gzip.Write(new byte[BombMemberBytes]);
        return [.. Enumerable.Repeat(member.ToArray(), BombMembers).SelectMany(bytes => bytes)];
    }
}
