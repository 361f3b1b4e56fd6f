using System.Globalization;
using System.Net;
using System.Text;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>A comparison as a document of its own, to be printed and filed: no script, nothing loaded from anywhere.</summary>
internal static class ReportPage
{
    /// <summary>Differences that a document lists; the others are in the list of differences.</summary>
    public const int MostDifferences = 500;

    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>What a browser may do with it.</summary>
    public const string Policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'";

    private const string Style = """
        body{font:14px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#1b1b1b}
        table{border-collapse:collapse;width:100%;margin:1em 0}th,td{border-bottom:1px solid #ccc;padding:.3em .6em;text-align:left}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.share{font-size:2em;font-weight:600}
        """;

    public static string Write(string organization, RunReport report, IReadOnlyList<(int Number, Difference Difference)> differences)
    {
        var run = report.Run;
        var page = new StringBuilder();
        var title = $"Reconciliation of {run.Account}, {run.Period}";
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{Text(title)}</title><style>{Style}</style></head><body>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(title)}</h1>\n<p>{Text(organization)}; compared at {At(run.CreatedAt)} UTC by {Text(run.CreatedBy)}.</p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"share\">{RunView.Percent(report.Explained)} % explained</p>\n");
        if (!report.IsLatest) page.Append("<p>The month was compared again since: a later report replaces this one.</p>\n");
        if (run.DaysWithoutBill > 0) page.Append(CultureInfo.InvariantCulture, $"<p>{run.DaysWithoutBill} days of the month have no bill.</p>\n");
        Table(page, ["", "USD"], 1,
            [["Billed by the provider", run.Billed.ToString()], ["Held by the ledger", run.Booked.ToString()], ["Difference", (run.Billed - run.Booked).ToString()]]);
        page.Append("<h2>Why they differ</h2>\n");
        Table(page, ["Kind", "Count", "Difference", "Booked", "Proposed", "Open"], 1, report.Standings.Select(s => new[]
        {
            DifferenceKinds.NameOf(s.Kind), s.Count.ToString(CultureInfo.InvariantCulture), s.Needed.ToString(), s.Booked.ToString(), s.Proposed.ToString(), s.Open.ToString(),
        }));
        page.Append("<h2>Differences</h2>\n");
        if (run.DifferenceCount > differences.Count)
            page.Append(CultureInfo.InvariantCulture, $"<p>The first {differences.Count} of {run.DifferenceCount}.</p>\n");
        Table(page, ["Day", "Model", "Class", "Kind", "Line", "Billed", "Ledger", "Difference"], 4, differences.Select(d => d.Difference).Select(d => new[]
        {
            BilledDay.ToDate(d.Day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), d.Model, d.Class is { } unit ? BilledClasses.NameOf(unit) : "",
            DifferenceKinds.NameOf(d.Kind), d.SourceLine?.ToString(CultureInfo.InvariantCulture) ?? "", d.Billed.ToString(), d.Booked.ToString(), d.Amount.ToString(),
        }));
        return page.Append("</body></html>\n").ToString();
    }

    private static void Table(StringBuilder page, string[] head, int firstNumber, IEnumerable<string[]> rows)
    {
        page.Append("<table><thead>");
        Row(page, "th", head, firstNumber);
        page.Append("</thead><tbody>\n");
        foreach (var row in rows) Row(page, "td", row, firstNumber);
        page.Append("</tbody></table>\n");
    }

    private static void Row(StringBuilder page, string cell, string[] values, int firstNumber)
    {
        page.Append("<tr>");
        for (var i = 0; i < values.Length; i++)
            page.Append('<').Append(cell).Append(i >= firstNumber ? " class=\"n\">" : ">").Append(Text(values[i])).Append("</").Append(cell).Append('>');
        page.Append("</tr>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string At(long micros) => Storage.Micros.ToInstant(micros).UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
