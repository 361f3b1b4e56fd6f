using System.Net;
using DnsClient;

namespace Spendra.Control.Organizations;

/// <summary>Where domains are looked up.</summary>
public sealed record DomainOptions
{
    /// <summary>The resolver to ask; null asks those of the operating system.</summary>
    public IPEndPoint? Resolver { get; init; }
}

/// <summary>What the look-up of a domain's proof came to.</summary>
internal enum ProofFinding
{
    Proven,
    /// <summary>There is no record, or none that says what it should.</summary>
    Missing,
    /// <summary>No resolver answered, or it failed.</summary>
    Unanswered,
}

/// <summary>Asks the domain name system whether a domain's owner has published a challenge.</summary>
internal sealed class DomainProof
{
    private const string ValuePrefix = "spendra-domain-verification=";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lazy<LookupClient> _client;

    // Made at the first look-up: finding the system's resolvers is no part of a start.
    public DomainProof(DomainOptions options) => _client = new Lazy<LookupClient>(() =>
    {
        var lookup = options.Resolver is { } resolver ? new LookupClientOptions(resolver) : new LookupClientOptions();
        // A wrong answer of a minute ago is no reason to say "not yet" now.
        lookup.UseCache = false;
        lookup.Timeout = Patience;
        lookup.Retries = 1;
        lookup.ThrowDnsErrors = false;
        return new LookupClient(lookup);
    });

    /// <summary>Where the record is expected. A name of its own: the domain's other records stay as they are.</summary>
    public static string RecordName(string domain) => $"_spendra-challenge.{domain}";

    /// <summary>What the record is expected to say.</summary>
    public static string RecordValue(string challenge) => ValuePrefix + challenge;

    public async Task<ProofFinding> FindAsync(string domain, string challenge, CancellationToken cancel)
    {
        try
        {
            var answer = await _client.Value.QueryAsync(RecordName(domain), QueryType.TXT, cancellationToken: cancel);
            if (answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain) return ProofFinding.Unanswered;
            var expected = RecordValue(challenge);
            // A long text comes in several pieces.
            return answer.Answers.TxtRecords().Any(r => string.Concat(r.Text).Trim() == expected) ? ProofFinding.Proven : ProofFinding.Missing;
        }
        catch (Exception e) when (e is DnsResponseException or System.Net.Sockets.SocketException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return ProofFinding.Unanswered;
        }
    }
}
