using System.Threading.Channels;

namespace Spendra.Gateway.Batches;

/// <summary>A batch that a client has seen ended.</summary>
internal readonly record struct SeenBatch(Guid OrganizationId, string BatchId);

/// <summary>What requests leave behind for <see cref="BatchPoller"/>, and the places in which they hold input files.</summary>
internal sealed class BatchDesk : IDisposable
{
    private const int MaxSeen = 1_000;
    private const int MaxInputs = 8;
    private const int MaxInputsOfOrganization = 4;

    // One that is dropped is found again by the poller's own rounds.
    private readonly Channel<SeenBatch> _seen = Channel.CreateBounded<SeenBatch>(
        new BoundedChannelOptions(MaxSeen) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>How many input files are known at a time, line by line, and how many of them are one organization's.</summary>
    public SharedPlaces<Guid> InputPlaces { get; } = new(MaxInputs, MaxInputsOfOrganization);

    /// <summary>Batches that clients saw, or made, when they had ended.</summary>
    public ChannelReader<SeenBatch> Seen => _seen.Reader;

    public void Tell(SeenBatch batch) => _seen.Writer.TryWrite(batch);

    public void Dispose() => InputPlaces.Dispose();
}
