using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Pricing;

/// <summary><c>prices</c>: the price book, files of prices, and proposals.</summary>
internal static class PricesCommand
{
    private static readonly Option<string?> Provider = new("--provider") { Description = "Only prices of this provider.", HelpName = "name" };
    private static readonly Option<string?> Model = new("--model") { Description = "Only this model, by its exact id.", HelpName = "id" };
    private static readonly Option<string?> At = new("--at") { Description = "What holds at that time, such as 2027-01-01T00:00:00Z. Default: now.", HelpName = "time" };

    public static Command Create(CommandEnvironment environment)
    {
        var list = new Command("list", "List the prices that are in force.") { Provider, Model, At, CommonOptions.Organization };
        list.DoesWithDatabase(environment, ListAsync, mustExist: true);
        return new Command("prices", "Show the price book, compare it with files and lists, decide proposals.")
        {
            list,
            PriceFileCommands.CreateDiff(environment),
            PriceFileCommands.CreateImport(environment),
            PriceSyncCommands.CreateSync(environment),
            PriceSyncCommands.CreateRuns(environment),
            ProposalCommands.CreateList(environment),
            ProposalCommands.CreateApprove(environment),
            ProposalCommands.CreateReject(environment),
        };
    }

    private static async Task<int> ListAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var at = Instant(run.Arguments.GetValue(At)) ?? run.NowMicros;
        var rows = await new GovernanceReader(run.Database).LoadAsync(organization.OrganizationId, null, run.Cancel);
        var prices = new PriceBook(rows?.Prices.Values ?? []).InForce(at).Where(p => IsWanted(run, p)).ToList();
        run.Output.Json(new PricesDocument(InstantText.Of(at), [.. prices.Select(PriceRow.Of)]), CliJson.Default.PricesDocument);
        if (prices.Count == 0) run.Output.Line("there is no such price: an unknown model is refused, never guessed");
        else Show(run.Output, prices);
        return 0;
    }

    private static bool IsWanted(CommandRun run, PriceVersion price) =>
        (run.Arguments.GetValue(Provider) ?? price.Provider) == price.Provider && (run.Arguments.GetValue(Model) ?? price.Model) == price.Model;

    private static void Show(CommandOutput output, List<PriceVersion> prices)
    {
        output.Line("USD per million units");
        var table = CommandOutput.NewTable("provider", "model", "input", "cached", "written", "output", "other units", "long context", "tiers %", "until");
        for (var rate = 2; rate < 6; rate++) table.Columns[rate].Alignment = Justify.Right;
        foreach (var price in prices)
        {
            table.AddRow(
                CommandOutput.Cell(price.Provider), CommandOutput.Cell(price.Model), CommandOutput.Cell(price.Rates.Input.ToString()),
                CommandOutput.Cell(price.Rates.CachedInput.ToString()), CommandOutput.Cell(price.Rates.CacheWrite.ToString()),
                CommandOutput.Cell(price.Rates.Output.ToString()), CommandOutput.Cell(price.Rates.Others.ToString()), CommandOutput.Cell(Band(price.LongContext)),
                CommandOutput.Cell(string.Join(", ", price.TierPercents.Select(t => $"{t.Key} {t.Value}"))),
                CommandOutput.Cell(price.EffectiveTo is { } end ? InstantText.Of(end) : null));
        }
        output.Show(table);
    }

    private static string? Band(ContextBand? band) => band is null
        ? null
        : $"above {band.AboveInputUnits}: {band.Rates.Input} {band.Rates.CachedInput} {band.Rates.CacheWrite} {band.Rates.Output}";

    private static long? Instant(string? text)
    {
        if (text is null) return null;
        if (InstantText.TryParse(text, out var micros)) return micros;
        throw new CommandException("usage", "--at is not a time with an offset: expected for example 2027-01-01T00:00:00Z");
    }
}

/// <summary>Prices as <c>--json</c> prints them: rates are decimal text in USD per million units.</summary>
internal sealed record PricesDocument(string At, IReadOnlyList<PriceRow> Prices);

internal sealed record BandRow(long AboveInputTokens, IReadOnlyDictionary<string, string> UsdPerMillion);

internal sealed record PriceRow(
    string Provider, string Model, string EffectiveFrom, string? EffectiveTo, IReadOnlyDictionary<string, string> UsdPerMillion,
    BandRow? LongContext, IReadOnlyDictionary<string, int> TierPercents, long? ContextWindow, long? MaxOutput, string Source)
{
    public static PriceRow Of(PriceVersion price) => new(
        price.Provider, price.Model, InstantText.Of(price.EffectiveFrom), price.EffectiveTo is { } end ? InstantText.Of(end) : null,
        Rates(price.Rates), price.LongContext is { } band ? new BandRow(band.AboveInputUnits, Rates(band.Rates)) : null,
        price.TierPercents, price.ContextWindow, price.MaxOutput, price.Source);

    private static Dictionary<string, string> Rates(RateCard card)
    {
        var rates = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["input"] = card.Input.ToString(),
            ["cached_input"] = card.CachedInput.ToString(),
            ["cache_write"] = card.CacheWrite.ToString(),
            ["output"] = card.Output.ToString(),
        };
        foreach (var (unit, rate) in card.Others) rates[UnitClasses.NameOf(unit)] = rate.ToString();
        return rates;
    }
}
