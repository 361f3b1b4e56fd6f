using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Gateway.Batches;

namespace Spendra.Gateway.Metering;

/// <summary>What a response told about itself.</summary>
internal sealed class MeterReading
{
    /// <summary>The usage, or null while it is unknown or when what was said cannot be believed.</summary>
    public Usage? Usage { get; set; }

    /// <summary>What the provider says that it bills for the call, or null.</summary>
    public NanoUsd? BilledCost { get; set; }

    /// <summary>
    /// The part of <see cref="BilledCost"/> that is a fee on top of what the models' own provider bills. Zero when there
    /// is none.
    /// </summary>
    public NanoUsd BilledFee { get; set; }

    /// <summary>The bill contradicts itself: what it says is not believed where usage and price give more.</summary>
    public bool IsBillInDoubt { get; set; }

    /// <summary>There is a bill that needs no usage beside it to be believed.</summary>
    public bool IsBillSure => BilledCost is { Value: > 0 } && !IsBillInDoubt;

    /// <summary>The answer says that nothing was done: nothing is owed.</summary>
    public bool IsRefusal { get; set; }

    public string? ServedModel { get; set; }

    /// <summary>The tier that the body names, or else <see cref="TierInHeader"/>.</summary>
    public string? ServedTier
    {
        get => field ?? TierInHeader;
        set;
    }

    /// <summary>The tier that a header of the answer names, in the words of the price book; null when none does.</summary>
    public string? TierInHeader { get; set; }

    /// <summary>The id of the object that the response made, when it has one.</summary>
    public string? ObjectId { get; set; }

    /// <summary>What the response says of a batch, when it is one.</summary>
    public BatchState? Batch { get; set; }

    /// <summary>A response that goes on in the background: <c>queued</c> or <c>in_progress</c>.</summary>
    public bool IsPending { get; set; }
}
