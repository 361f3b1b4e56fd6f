using System.Text;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>
/// Files and states of batches as no well-behaved provider gives them out: an input that cannot be read makes no batch; an
/// output that may come better is asked for again, and one that will not is booked at the bound.
/// </summary>
public sealed class HostileBatchFileTests
{
    private const long OfOneLine = 21_000;
    private const int LineBytes = 100 * 1024;

    private static readonly string Body = Batched.Body();

    private static readonly GatewayOptions Strict = new()
    {
        BatchPollSeconds = 1, StreamIdleSeconds = 2, UpstreamTimeoutSeconds = 5, MaxBodyBytes = LineBytes, MaxStreamLineBytes = LineBytes,
        MaxBatchBytes = 2 * LineBytes, MaxResponseBytes = 2 * LineBytes,
        // Files are read for so long, and a batch is made within half of it.
        ReservationSeconds = 4,
    };

    private static readonly Dictionary<string, (Func<BodyWriter, Task> Fill, string Status, int Code, string Reason)> Inputs = new()
    {
        ["silence"] = (w => w.StallAsync(Batched.Line(Body)[..50]), "200 OK", 504, "upstream_timeout"),
        ["a drip without end"] = (w => w.DripAsync(" "), "200 OK", 504, "upstream_timeout"),
        ["cut"] = (w => w.CutAsync(Batched.Line(Body)[..50]), "200 OK", 502, "upstream_failed"),
        ["cut after a line"] = (w => w.CutAsync(Batched.File([Body])), "200 OK", 502, "upstream_failed"),
        ["a redirect"] = (w => w.WriteAsync(""), "302 Found\nlocation: http://127.0.0.1:1/elsewhere", 502, "upstream_redirect"),
        ["a redirect without end"] = (w => w.StallAsync(""), "302 Found\nlocation: http://127.0.0.1:1/elsewhere", 502, "upstream_redirect"),
        ["a refusal without end"] = (w => w.StallAsync(""), "503 Service Unavailable", 502, "upstream_failed"),
        ["a packed bomb"] = (w => w.WritePackedAsync(50 * 1024 * 1024), "200 OK", 400, "invalid_request"),
        ["a line that is too long"] = (w => w.WriteAsync(new string(' ', LineBytes + 1)), "200 OK", 400, "invalid_request"),
        ["too many bytes"] = (w => w.WriteAsync(string.Concat(Enumerable.Repeat(new string(' ', 1000) + "\n", 300))), "200 OK", 400, "invalid_request"),
    };

    /// <summary>What is said of an output for the first time; afterwards it is given out as it should be.</summary>
    private static readonly Dictionary<string, (Func<BodyWriter, Task> Fill, string Status, bool IsAskedAgain)> Outputs = new()
    {
        ["silence"] = (w => w.StallAsync("{\"custom_id\":"), "200 OK", true),
        ["a drip without end"] = (w => w.DripAsync(" "), "200 OK", true),
        ["cut"] = (w => w.CutAsync("{\"custom_id\":"), "200 OK", true),
        ["cut after a line"] = (w => w.CutAsync(Provider.Output), "200 OK", true),
        ["a redirect"] = (w => w.WriteAsync(""), "302 Found\nlocation: http://127.0.0.1:1/elsewhere", true),
        ["a refusal without end"] = (w => w.StallAsync(""), "503 Service Unavailable", true),
        ["a packed bomb"] = (w => w.WritePackedAsync(50 * 1024 * 1024), "200 OK", false),
        ["a line that is too long"] = (w => w.WriteAsync(new string(' ', LineBytes + 1)), "200 OK", false),
        ["too many bytes"] = (w => w.WriteAsync(Provider.Output + string.Concat(Enumerable.Repeat(new string(' ', 1000) + "\n", 300))), "200 OK", false),
    };

    private static readonly Dictionary<string, (Func<BodyWriter, Task> Fill, string Status)> States = new()
    {
        ["silence"] = (w => w.StallAsync("{\"id\":"), "200 OK"),
        ["a drip without end"] = (w => w.DripAsync(" "), "200 OK"),
        ["cut"] = (w => w.CutAsync("{\"id\":"), "200 OK"),
        ["a redirect"] = (w => w.WriteAsync(""), "302 Found\nlocation: http://127.0.0.1:1/elsewhere"),
        ["a packed bomb"] = (w => w.WritePackedAsync(50 * 1024 * 1024), "200 OK"),
        ["more than is held"] = (w => w.WriteAsync(new string(' ', 2 * 1024 * 1024)), "200 OK"),
    };

    /// <summary>What is said when a batch is made, and what the client reads: the batch is there, and is found.</summary>
    private static readonly Dictionary<string, (Func<BodyWriter, Task> Fill, string Status, string Type, int Code, string? Reason)> Creations = new()
    {
        ["silence"] = (w => w.StallAsync("{\"id\":"), "200 OK", "application/json", 504, "upstream_timeout"),
        ["a drip without end"] = (w => w.DripAsync(" "), "200 OK", "application/json", 504, "upstream_timeout"),
        ["a failure that drips without end"] = (w => w.DripAsync(" "), "500 Internal Server Error", "application/json", 500, null),
        ["cut"] = (w => w.CutAsync("{\"id\":"), "200 OK", "application/json", 502, "upstream_failed"),
        ["another type"] = (w => w.WriteAsync("<p>no</p>"), "200 OK", "text/html", 200, null),
        ["a line without end"] = (w => w.WriteAsync("{\"x\":\"" + new string('x', LineBytes)), "200 OK", "application/json", 200, null),
        ["a packed bomb"] = (w => w.WritePackedAsync(10 * 1024 * 1024), "200 OK", "application/json", 200, null),
        ["nothing"] = (w => w.WriteAsync(""), "200 OK", "application/json", 200, null),
    };

    public static TheoryData<string> OfInputs => [.. Inputs.Keys];

    public static TheoryData<string> OfOutputs => [.. Outputs.Keys];

    public static TheoryData<string> OfStates => [.. States.Keys];

    [Theory]
    [MemberData(nameof(OfInputs))]
    public async Task An_input_that_cannot_be_read_makes_no_batch(string what)
    {
        var (fill, status, code, reason) = Inputs[what];
        await using var provider = new Provider { Input = network => BodyWriter.AnswerAsync(network, status, "application/jsonl", fill) };
        await using var gateway = await GatewayHarness.StartAsync(options: Strict);
        await using var company = await Company.StartAsync(Batched.Rules with { BaseUrl = provider.BaseUrl }, gateway: gateway);

        (await Batched.CreateAsync(company, Batched.File([Body]))).ShouldBe(code, reason);

        provider.BatchesMade.Should().Be(0);
        var books = await company.SettledAsync();
        books.Paid.Should().BeEmpty();
        books.Settled.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(OfOutputs))]
    public async Task An_output_that_cannot_be_read_is_asked_for_again_or_booked_at_the_bound(string what)
    {
        var (fill, status, isAskedAgain) = Outputs[what];
        await using var provider = new Provider { FirstOutput = network => BodyWriter.AnswerAsync(network, status, "application/jsonl", fill) };
        await ShouldSettleAsync(provider, isAskedAgain ? OfOneLine : Batched.BoundOf(Body), isEstimated: !isAskedAgain);
    }

    [Theory]
    [MemberData(nameof(OfStates))]
    public async Task A_state_that_cannot_be_read_is_asked_for_again(string what)
    {
        var (fill, status) = States[what];
        await using var provider = new Provider { FirstState = network => BodyWriter.AnswerAsync(network, status, "application/json", fill) };
        await ShouldSettleAsync(provider, OfOneLine, isEstimated: false);
    }

    [Fact]
    public async Task A_batch_whose_making_is_told_badly_stays_held_until_it_is_found() => await Task.WhenAll(Creations.Select(async creation =>
    {
        var (fill, status, type, code, reason) = creation.Value;
        await using var provider = new Provider { Creation = network => BodyWriter.AnswerAsync(network, status, type, fill) };
        await using var gateway = await GatewayHarness.StartAsync(options: Strict);
        await using var company = await Company.StartAsync(Batched.Rules with { BaseUrl = provider.BaseUrl }, gateway: gateway);

        (await CreateAsync(company)).Should().Be((code, reason), creation.Key);

        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create", creation.Key);
        var paid = (await company.SettledAsync()).Paid.Should().ContainSingle(creation.Key).Subject;
        (paid.CostNanos, paid.IsEstimated).Should().Be((OfOneLine, false), creation.Key);
        provider.BatchesMade.Should().Be(1);
    }));

    [Fact]
    public async Task A_redirect_in_place_of_a_batch_costs_nothing()
    {
        await using var provider = new Provider
        {
            Creation = network => BodyWriter.AnswerAsync(network, "302 Found\nlocation: http://127.0.0.1:1/elsewhere", "application/json", w => w.StallAsync("")),
        };
        await using var gateway = await GatewayHarness.StartAsync(options: Strict);
        await using var company = await Company.StartAsync(Batched.Rules with { BaseUrl = provider.BaseUrl }, gateway: gateway);

        (await CreateAsync(company)).Should().Be((502, "upstream_redirect"));

        var books = await company.SettledAsync();
        books.Paid.Should().BeEmpty();
        books.Released.Should().ContainSingle(r => r.Route == "batches.create");
    }

    /// <summary>The status and Spendra's code, where the answer is Spendra's own.</summary>
    private static async Task<(int Status, string? Code)> CreateAsync(Company company)
    {
        var answer = await Batched.CreateAsync(company, Batched.File([Body]));
        return (answer.Status, answer.Status is 502 or 504 ? answer.Code : null);
    }

    private static async Task ShouldSettleAsync(Provider provider, long nanos, bool isEstimated)
    {
        await using var gateway = await GatewayHarness.StartAsync(options: Strict);
        await using var company = await Company.StartAsync(Batched.Rules with { BaseUrl = provider.BaseUrl }, gateway: gateway);

        (await Batched.CreateAsync(company, Batched.File([Body]))).ShouldBe(200);

        var paid = (await company.SettledAsync()).Paid.Should().ContainSingle().Subject;
        (paid.CostNanos, paid.IsEstimated).Should().Be((nanos, isEstimated));
        provider.WasHostile.Should().BeTrue();
    }

    /// <summary>A provider of batches at the level of bytes, with one file, one batch of one line, and one output.</summary>
    private sealed class Provider : IAsyncDisposable
    {
        public const string Output = """{"custom_id":"line-1","response":{"status_code":200,"body":{"model":"b1","usage":{"prompt_tokens":10,"completion_tokens":16}}}}""" + "\n";

        private const string InputFile = """{"id":"file-in","object":"file","bytes":1,"created_at":1,"filename":"lines.jsonl","purpose":"batch"}""";
        private const string Begun = """{"id":"batch_1","object":"batch","status":"in_progress","endpoint":"/v1/chat/completions"}""";
        private const string Ended = """{"id":"batch_1","status":"completed","endpoint":"/v1/chat/completions","output_file_id":"file-out","request_counts":{"completed":1}}""";

        private readonly RawUpstream _server;
        private int _states;
        private int _outputs;
        private int _made;

        public Provider() => _server = RawUpstream.Start(AnswerAsync);

        public Func<Stream, Task>? Input { get; init; }

        public Func<Stream, Task>? Creation { get; init; }

        public Func<Stream, Task>? FirstState { get; init; }

        public Func<Stream, Task>? FirstOutput { get; init; }

        public string BaseUrl => _server.BaseUrl;

        public int BatchesMade => Volatile.Read(ref _made);

        /// <summary>What should be read badly was read.</summary>
        public bool WasHostile => (FirstState is null ? Volatile.Read(ref _outputs) : Volatile.Read(ref _states)) > 0;

        public ValueTask DisposeAsync() => _server.DisposeAsync();

        private Task AnswerAsync(string request, Stream network) => request[..request.IndexOf(" HTTP/", StringComparison.Ordinal)] switch
        {
            "POST /v1/files" => SendAsync(network, InputFile),
            "GET /v1/files/file-in/content" => Input is { } input ? input(network) : SendAsync(network, Batched.File([Body])),
            "POST /v1/batches" when Interlocked.Increment(ref _made) > 0 => Creation is { } creation ? creation(network) : SendAsync(network, Begun),
            "GET /v1/batches?limit=100" => SendAsync(network, $$"""{"object":"list","data":[{"id":"batch_1","input_file_id":"file-in","created_at":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}}}],"has_more":false}"""),
            "GET /v1/batches/batch_1" => Interlocked.Increment(ref _states) == 1 && FirstState is { } state ? state(network) : SendAsync(network, Ended),
            "GET /v1/files/file-out/content" => Interlocked.Increment(ref _outputs) == 1 && FirstOutput is { } output ? output(network) : SendAsync(network, Output),
            var other => throw new InvalidOperationException($"nobody asks for {other}"),
        };

        private static async Task SendAsync(Stream network, string body) => await network.WriteAsync(RawUpstream.Http(
            $"HTTP/1.1 200 OK\ncontent-type: application/json\nconnection: close\ncontent-length: {Encoding.UTF8.GetByteCount(body)}", body));
    }
}
