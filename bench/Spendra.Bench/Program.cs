// How many reservations a second one lane holds and settles, with every commit durable and without HTTP.
// Usage: Spendra.Bench [seconds per figure] [sqlite|postgres] [data folder for SQLite]
//        Spendra.Bench steady SETTLEMENTS_PER_SECOND SECONDS sqlite|postgres: how far a worker is behind meanwhile.
//        Spendra.Bench streams GATEWAY KEY MODEL COUNT: how many streams a running gateway carries at once.
using System.Globalization;
using Spendra.Bench;
using Spendra.Storage;
using Spendra.Testing;

if (args is ["streams", var gateway, var key, var model, var streams])
{
    const int ChunkMs = 1_000;
    const int Tokens = 60;
    var (complete, failed, most) = await StreamBench.RunAsync(
        new Uri(gateway), key, model, int.Parse(streams, CultureInfo.InvariantCulture), ChunkMs, Tokens);
    Console.WriteLine($"{complete} streams complete, {failed} dropped, {most} open at once");
    return failed == 0 ? 0 : 1;
}

if (args is ["steady", var perSecond, var lasting, var store])
{
    using var temporary = new TempFolder();
    var figure = await SteadyBench.RunAsync(await TargetAsync(Enum.Parse<DatabaseEngine>(store, ignoreCase: true), temporary.Path),
        int.Parse(perSecond, CultureInfo.InvariantCulture), TimeSpan.FromSeconds(int.Parse(lasting, CultureInfo.InvariantCulture)));
    Console.WriteLine(
        $"{figure.Settled:N0} settlements, {figure.PerSecond:F0} a second; behind p50 {figure.MedianSeconds:F2} s, p99 {figure.SlowSeconds:F2} s, at most "
        + $"{figure.WorstSeconds:F2} s; caught up {figure.CatchUpSeconds:F2} s after; {(figure.IsExact ? "the sums are the ledger's" : "THE SUMS ARE NOT THE LEDGER'S")}");
    return figure.IsExact ? 0 : 1;
}

var seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 3;
var engines = args.Length > 1 ? [Enum.Parse<DatabaseEngine>(args[1], ignoreCase: true)] : Enum.GetValues<DatabaseEngine>();
int[] callers = [1, 64, 512];

Console.WriteLine("engine     callers    pairs/s   reserve p50   reserve p99   processor/pair   bytes/pair");
foreach (var engine in engines)
{
    foreach (var count in callers)
    {
        using var folder = new TempFolder();
        var target = await TargetAsync(engine, args.Length > 2 ? Path.Combine(args[2], $"bench-{count}") : folder.Path);
        var figure = await LaneBench.RunAsync(target, count, TimeSpan.FromSeconds(seconds));
        Console.WriteLine(
            $"{engine,-10} {count,7} {figure.PairsPerSecond,10:F0} {figure.MedianMicros,10:F0} µs {figure.SlowMicros,10:F0} µs {figure.ProcessorMicrosPerPair,13:F1} µs {figure.BytesPerPair,12:F0}");
    }
}
return 0;

static async Task<DatabaseTarget> TargetAsync(DatabaseEngine engine, string folder) => engine == DatabaseEngine.Sqlite
    ? DatabaseTarget.Folder(folder)
    : DatabaseTarget.Address(PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("bench")));
