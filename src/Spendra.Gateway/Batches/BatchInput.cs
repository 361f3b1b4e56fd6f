using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>
/// What a request for a batch names, and, once its input file has been read, what governance must know of every line.
/// Nothing of the content is kept.
/// </summary>
internal sealed class BatchInput : IDisposable
{
    private IDisposable? _place;

    public required string FileId { get; init; }

    /// <summary>The URL that every line must have.</summary>
    public required string Endpoint { get; init; }

    /// <summary>What every line calls.</summary>
    public required GovernedRoute LineRoute { get; init; }

    /// <summary>The lines that are calls, in their order.</summary>
    public List<BatchLine> Lines { get; } = [];

    /// <summary>
    /// The facts of a file may be large: few files are known at a time, and this one is while it is not disposed. False when
    /// no place became free in time.
    /// </summary>
    public async Task<bool> TryHoldPlaceAsync(SharedPlaces<Guid> places, Guid organizationId, TimeSpan patience, CancellationToken cancel)
    {
        _place = await places.TakeAsync(organizationId, patience, cancel);
        return _place is not null;
    }

    /// <summary>Forgets the lines and leaves the place: once the batch is admitted, nobody asks for them any more.</summary>
    public void Dispose()
    {
        Lines.Clear();
        _place?.Dispose();
        _place = null;
    }
}

/// <summary>One call of a batch.</summary>
/// <param name="Number">The line in the file, from 1.</param>
/// <param name="Facts">What governance must know of its body.</param>
internal readonly record struct BatchLine(int Number, RequestFacts Facts);
