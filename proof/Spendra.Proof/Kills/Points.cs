using System.Reflection;
using Spendra.Core.Ledger;
using Spendra.Gateway;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.Kills;

/// <summary>What happens between a gateway and a provider, in the order in which it happens.</summary>
internal enum UpstreamStep
{
    /// <summary>The request is handed to the network; after it, the head of the response is here.</summary>
    Send,
    /// <summary>The body of the request is written.</summary>
    WriteBody,
    /// <summary>A piece of the response is read.</summary>
    ReadPiece,
}

/// <summary>
/// Every moment at which a process can be killed on purpose: before and after each method of each seam between a
/// server and its world. Made from the seams themselves, so that none is forgotten; named
/// <c>ILedgerEngine.CommitAsync(SettleCommand)/before</c>.
/// </summary>
internal static class Points
{
    public const string Before = "/before";
    public const string After = "/after";

    /// <summary>The interfaces behind which the database is: those of the gateway, of the lane and of the sweep.</summary>
    public static IReadOnlyList<Type> Seams { get; } =
    [
        typeof(ILedgerEngine),
        .. typeof(GatewayEnvironment).GetProperties().Select(p => p.PropertyType).Where(t => t.IsInterface),
        typeof(IDoubtSource),
    ];

    /// <summary>The kinds of commands that a batch may hold.</summary>
    public static IReadOnlyList<string> CommandKinds { get; } =
        [.. typeof(LedgerCommand).Assembly.GetTypes().Where(t => t.BaseType == typeof(LedgerCommand)).Select(t => t.Name).Order(StringComparer.Ordinal)];

    /// <summary>The kinds of notes that ride along in a batch.</summary>
    public static IReadOnlyList<string> NoteKinds { get; } =
        [.. typeof(LaneNotes).GetProperties().Where(p => p.PropertyType.IsGenericType).Select(p => p.Name).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> All { get; } = [.. Names().SelectMany(n => new[] { n + Before, n + After })];

    public static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    public static string NameOf(UpstreamStep step) => $"Upstream.{step}";

    /// <summary>Every method of a seam, those of the interfaces that it extends included.</summary>
    public static IEnumerable<MethodInfo> MethodsOf(Type seam) =>
        seam.GetInterfaces().Prepend(seam).SelectMany(i => i.GetMethods());

    /// <summary>The kinds of what a batch holds: each makes a point of its own of the methods that begin and commit it.</summary>
    public static IReadOnlyList<string> KindsOf(MethodInfo method) => method.Name switch
    {
        nameof(ILedgerEngine.BeginAsync) => CommandKinds,
        nameof(ILedgerEngine.CommitAsync) => [.. CommandKinds, .. NoteKinds],
        _ => [],
    };

    private static IEnumerable<string> Names()
    {
        foreach (var method in Seams.SelectMany(MethodsOf))
        {
            yield return NameOf(method);
            foreach (var kind in KindsOf(method)) yield return $"{NameOf(method)}({kind})";
        }
        foreach (var step in Enum.GetValues<UpstreamStep>()) yield return NameOf(step);
    }
}
