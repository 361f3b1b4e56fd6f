using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Batches;

/// <summary>
/// A batch from its creation on. What its lines answer is known from the start; the fetches of the batch decide when
/// that becomes visible, and its end decides how much of it does.
/// </summary>
internal sealed class StoredBatch
{
    private readonly Lock _gate = new();
    private int _fetches;
    private BatchOutcome? _outcome;
    private bool _isCancelling;

    public required string Id { get; init; }
    public required string InputFileId { get; init; }
    public required string Endpoint { get; init; }
    public required string Window { get; init; }
    public required ModelCall Call { get; init; }
    public required long CreatedAtSeconds { get; init; }
    public required byte[] MetadataJson { get; init; }

    /// <summary>What is wrong with the input; then there is no line.</summary>
    public required IReadOnlyList<BatchFault> Faults { get; init; }
    public required IReadOnlyList<BatchLine> Lines { get; init; }

    public Knobs Knobs => Call.Knobs;

    /// <summary>Set once the batch has ended.</summary>
    public BatchOutcome? Outcome
    {
        get
        {
            lock (_gate)
                return _outcome;
        }
    }

    public string Status
    {
        get
        {
            lock (_gate)
                return _outcome?.Status ?? (_isCancelling ? "cancelling" : _fetches == 0 ? "validating" : "in_progress");
        }
    }

    /// <summary>Notes a fetch, which may be the one that shows the end.</summary>
    /// <param name="exchange">The fetch.</param>
    /// <param name="isCreation">The answer to the creation is fetch 0.</param>
    public void Fetched(Exchange exchange, bool isCreation = false)
    {
        lock (_gate)
        {
            if (!isCreation)
                _fetches++;
            if (_outcome is not null)
                return;
            if (_isCancelling)
                _outcome = BatchOutcome.Of(exchange, this, BatchEnd.Cancelled);
            else if (_fetches >= Knobs.BatchFetches)
                _outcome = BatchOutcome.Of(exchange, this, Faults.Count > 0 ? BatchEnd.Failed : Knobs.BatchEnd);
        }
    }

    /// <returns>False when the batch had ended before.</returns>
    public bool Cancel()
    {
        lock (_gate)
        {
            _isCancelling |= _outcome is null;
            return _outcome is null;
        }
    }
}
