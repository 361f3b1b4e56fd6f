using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>Reads the lines of an input file, each with the reader of its endpoint, and stops at the first that may not be sent.</summary>
internal sealed class BatchInputLines(BatchInput input, int maxLines, int maxReferences) : ILineTaker
{
    private readonly HashSet<ObjectReference> _references = [];

    /// <summary>What is wrong with the file, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>The one model that all lines name: the provider takes no other files, and one price is pinned.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Everything at the provider that lines name.</summary>
    public IReadOnlyCollection<ObjectReference> References => _references;

    public bool Take(int number, ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \t\r"u8);
        if (line.IsEmpty) return true;
        if (input.Lines.Count == maxLines)
        {
            Fault = $"The input file has more than {maxLines} lines. Split it.";
            return false;
        }
        if (ReadLine(number, line) is not { } fault) return true;
        Fault = $"Line {number} of the input file {fault}.";
        return false;
    }

    public void TakeTooLong(int number) => Fault = $"Line {number} of the input file is too long.";

    private string? ReadLine(int number, ReadOnlySpan<byte> line)
    {
        if (BatchLineReader.Read(line, input.Endpoint, out var body) is { } broken) return broken;
        if (OpenAiRequestReader.Read(body, input.LineRoute.Body, out var fault, runsTools: input.LineRoute.RunsTools) is not { } facts)
            return $"has a body that is refused: {fault!.Message.TrimEnd('.')}";
        if (Judge(facts) is { } refused) return refused;
        if (Model.Length == 0) Model = facts.Model;
        else if (Model != facts.Model) return $"names model '{facts.Model}', and an earlier one '{Model}': a batch has one model";
        foreach (var reference in facts.References) _references.Add(reference);
        if (_references.Count > maxReferences) return $"names one object too many: a batch may name {maxReferences} at the provider";
        input.Lines.Add(new BatchLine(number, facts));
        return null;
    }

    private string? Judge(RequestFacts facts) => facts switch
    {
        { IsStream: true } => "asks for a stream, which a batch has none of",
        { IsBackground: true } => "asks for the background, and a batch is that already",
        { ServiceTier: not (null or "auto" or "default") } => $"asks for service tier '{facts.ServiceTier}', and a batch is a tier of its own",
        // Which line's answer it was that wrote is not known when the answers are read.
        { Kinds: var kinds } when kinds.HasFlag(TokenKinds.LongCache) => "asks for a prompt cache of 12 hours, which is not governed in batches: send such a request alone",
        // What they cost is told by facts of the request that are not kept until its answer is there.
        { Tools.IsEmpty: false } => $"offers the tool '{facts.Tools[0]}' of the provider, which is not governed in batches: send such a request alone",
        _ when facts.Choices > input.LineRoute.MaxChoices => $"has an 'n' above {input.LineRoute.MaxChoices}",
        _ => null,
    };
}
