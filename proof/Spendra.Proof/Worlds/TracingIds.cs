using Spendra.Storage;

namespace Spendra.Proof.Worlds;

/// <summary>
/// Tells the simulated provider which reservation a request belongs to: the id that a request was given goes with its
/// flow of control and leaves in a header. So what the provider saw can be laid beside what the ledger says.
/// </summary>
internal sealed class TracingIds : IdSource
{
    public const string Header = "x-proof-reservation";

    private static readonly AsyncLocal<Guid> Current = new();

    public override Guid Next(DateTimeOffset at) => Current.Value = IdSource.System.Next(at);

    public static void Mark(HttpRequestMessage request)
    {
        if (Current.Value != Guid.Empty) request.Headers.TryAddWithoutValidation(Header, Current.Value.ToString());
    }
}
