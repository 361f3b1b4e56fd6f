using Spectre.Console;
using Spendra.Cli;
using Spendra.Core.Metering;
using Spendra.Storage.Ledger;

namespace Spendra.Ledger;

/// <summary>An explained request for people: the outcome first, then whatever led to it.</summary>
internal static class ExplainedView
{
    public static void Show(CommandOutput output, ExplainedRequest request)
    {
        output.Line($"Request {request.Id}: {Headline(request)}");
        ShowFacts(output, request);
        ShowPolicies(output, request);
        ShowWindows(output, request);
        ShowEvents(output, request);
        foreach (var excess in request.Excesses)
            output.Line($"Budget {excess.Budget} stands {excess.AmountUsd} USD higher than was held: {excess.Kind}, event {excess.EventNumber}.");
    }

    private static string Headline(ExplainedRequest request) => request.Outcome switch
    {
        "open" => $"in flight, holding {request.Bound!.AmountUsd} USD",
        "released" => $"released, nothing was spent ({request.Reason})",
        "refused" => $"refused, {request.Refusal!.Code}",
        "expired" => $"expired in doubt, booked at its bound: {request.CostUsd} USD",
        "late" => $"settled after it had expired: {request.CostUsd} USD",
        _ => $"settled: {request.CostUsd} USD{(request.IsEstimated ? EstimateOf(request) : "")}",
    };

    private static string EstimateOf(ExplainedRequest request) =>
        request.Events[0].Usage.Others.ContainsKey(UnitClasses.NameOf(UnitClass.CodeSessions)) ? ", estimated for the containers in which code ran" : ", estimated at the bound";

    private static void ShowFacts(CommandOutput output, ExplainedRequest request)
    {
        var grid = new Grid().AddColumn(new GridColumn().PadLeft(2).PadRight(2).NoWrap()).AddColumn();
        Row("who", $"{request.Actor} with key {request.Key}{(request.Environment is { } e ? $", environment {e}" : "")}");
        Row("what", string.Join(", ", new[] { request.Route, request.Provider, request.Model }.Where(p => p is not null)));
        if (request.Account is { } account) Row("account", account);
        if (request.Scopes.Count > 0) Row("scopes", string.Join(", ", request.Scopes));
        if (request.Refusal is { } refusal) ShowRefusal(refusal);
        if (request.StrippedTools.Count > 0)
            Row("left out", string.Join(", ", request.StrippedTools.Select(s => $"tool {s.Tool} by {s.Policy}")));
        if (request.Price is { } price)
        {
            Row("price", $"{price.InputUsdPerMillion} in, {price.CachedInputUsdPerMillion} cached, {price.CacheWriteUsdPerMillion} cache write, "
                + $"{price.OutputUsdPerMillion} out USD per million, tier {price.TierPercent} % ({price.Source})");
        }
        if (request.ServedPrice is { } served)
            Row("settled at", $"{served.Price.InputUsdPerMillion} in, {served.Price.OutputUsdPerMillion} out, price {served.Price.PriceId}: {served.Reason}");
        if (request.Bound is { } bound)
            Row("bound", $"at most {bound.InputUnits:N0} in ({Words(bound.Basis)}) and {bound.OutputUnits:N0} out: {bound.AmountUsd} USD held");
        if (request.Tightness is { } tightness)
            Row("used of it", $"{tightness.ActualUsd} of {tightness.BoundUsd} USD: {tightness.Ratio:P2}{(tightness.InputRatio is { } input ? $", input {input:P2}" : "")}");
        if (request.Times.ReservedAt is { } reserved) Row("reserved", Shown.Instant(reserved));
        if (request.Times.ExpiresAt is { } expires && request.Outcome is "open" or "expired") Row("expires", Shown.Instant(request.Times.ExpiresAt.Value));
        if (request.Times.EndedAt is { } ended)
            Row(request.Outcome == "refused" ? "refused" : "ended", Shown.Instant(ended) + (request.Times.DurationMs is { } ms ? $", after {ms:N0} ms" : ""));
        if (request.Epoch is { } epoch) Row("rules of", $"governance epoch {epoch}");
        output.Show(grid);

        void Row(string name, string text) => grid.AddRow(CommandOutput.Cell(name), CommandOutput.Cell(text));

        void ShowRefusal(ExplainedRefusal refusal)
        {
            Row("why", refusal.Message);
            if (refusal.Policy is { } policy) Row("policy", policy);
            if (refusal.Budget is not { } budget) return;
            Row("budget", $"{budget}: limit {refusal.LimitUsd}, settled {refusal.SettledUsd}, reserved {refusal.ReservedUsd}, needed {refusal.NeededUsd} USD");
            Row("window", $"{Shown.Day(refusal.WindowStart)} to {Shown.Day(refusal.WindowEnd) ?? "never"}");
        }
    }

    private static string Words(string basis) => basis switch
    {
        "context_window" => "by the context window",
        "tokenizer" => "by the model's tokenizer",
        "counted" => "counted by the provider",
        _ => "by its bytes",
    };

    private static void ShowPolicies(CommandOutput output, ExplainedRequest request)
    {
        if (request.Policies.Count == 0) return;
        var table = CommandOutput.NewTable("policy", "kind", "scope", "set by", "set at");
        foreach (var p in request.Policies)
        {
            table.AddRow(CommandOutput.Cell(p.Slug + (p.IsArchived ? " (archived since)" : "")), CommandOutput.Cell(p.Kind),
                CommandOutput.Cell(p.Scope), CommandOutput.Cell(p.SetBy), CommandOutput.Cell(Shown.Instant(p.SetAt)));
        }
        output.Show(table);
    }

    private static void ShowWindows(CommandOutput output, ExplainedRequest request)
    {
        if (request.Windows.Count == 0) return;
        var table = CommandOutput.NewTable("budget", "scope", "from", "to", "limit USD", "settled", "reserved", "remaining");
        for (var amount = 4; amount < 8; amount++) table.Columns[amount].Alignment = Justify.Right;
        foreach (var w in request.Windows)
        {
            table.AddRow(CommandOutput.Cell(w.Budget), CommandOutput.Cell(w.Scope), CommandOutput.Cell(Shown.Day(w.WindowStart)),
                CommandOutput.Cell(Shown.Day(w.WindowEnd) ?? "never ends"), CommandOutput.Cell(w.LimitUsd.ToString()),
                CommandOutput.Cell(w.SettledUsd.ToString()), CommandOutput.Cell(w.ReservedUsd.ToString()), CommandOutput.Cell(w.RemainingUsd.ToString()));
        }
        output.Show(table);
    }

    private static void ShowEvents(CommandOutput output, ExplainedRequest request)
    {
        if (request.Events.Count == 0) return;
        var table = CommandOutput.NewTable("event", "USD", "in", "cached", "cache write", "out", "entry", "debit", "credit", "");
        foreach (var e in request.Events)
        {
            table.AddRow(CommandOutput.Cell(e.Kind), CommandOutput.Cell(e.CostUsd.ToString()), CommandOutput.Cell($"{e.Usage.Input:N0}"),
                CommandOutput.Cell($"{e.Usage.CachedInput:N0}"), CommandOutput.Cell($"{e.Usage.CacheWrite:N0}"), CommandOutput.Cell($"{e.Usage.Output:N0}"),
                CommandOutput.Cell(e.Entry.Corrects is { } corrects ? $"{e.Entry.Sequence} corrects {corrects}" : $"{e.Entry.Sequence}"),
                Posting(e, "expense"), Posting(e, "payable"), CommandOutput.Cell(Remarks(e)));
        }
        output.Show(table);
    }

    private static Text Posting(ExplainedEvent e, string ledgerAccount) => CommandOutput.Cell(string.Join(", ",
        e.Entry.Postings.Where(p => p.LedgerAccount == ledgerAccount).Select(p => $"{p.LedgerAccount} {p.Account} {p.AmountUsd}")));

    private static string Remarks(ExplainedEvent e)
    {
        string?[] remarks =
        [
            e.IsEstimated ? "estimated" : null, e.IsBilled ? "as billed" : null, .. e.Usage.Others.Select(o => $"{o.Value:N0} {o.Key}"), e.Reason, e.ServedModel, e.ServedTier is { } tier ? $"tier {tier}" : null,
            e.UpstreamStatus > 0 ? $"status {e.UpstreamStatus}" : null, e.UpstreamRequestId,
        ];
        return string.Join(", ", remarks.Where(r => r is not null));
    }
}
