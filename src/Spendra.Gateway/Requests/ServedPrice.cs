using System.Globalization;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Requests;

/// <summary>
/// What the model that served a call costs. Providers answer with the exact snapshot behind the name that was asked for,
/// and sometimes with another model. By exact id, or by the id without the date of a snapshot; never by a prefix or a
/// family.
/// </summary>
internal static class ServedPrice
{
    private static readonly string[] DateForms = ["'-'yyyy-MM-dd", "'-'yyyyMMdd", "'@'yyyyMMdd"];

    /// <summary>
    /// The price version of the served model at the instant of the reservation: the pinned one when it is the model that
    /// was asked for, in any snapshot that has no price of its own; null when what served has no price.
    /// </summary>
    public static PriceVersion? Of(PriceVersion pinned, string? served, PriceBook book, long atMicros)
    {
        if (string.IsNullOrEmpty(served) || served == pinned.Model) return pinned;
        if (book.Find(pinned.Provider, served, atMicros) is { } exact) return exact;
        var name = Undated(served);
        if (Bare(name) == Bare(pinned.Model) || Bare(served) == Bare(Undated(pinned.Model))) return pinned;
        return book.Find(pinned.Provider, name, atMicros);
    }

    /// <summary>An id without the date of its snapshot: <c>gpt-4.1-mini</c> for <c>gpt-4.1-mini-2025-04-14</c>.</summary>
    private static string Undated(string model)
    {
        foreach (var form in DateForms)
        {
            // The quotes around the separator are not part of a date.
            var length = form.Length - 2;
            if (model.Length > length && DateOnly.TryParseExact(model.AsSpan(model.Length - length), form, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
                return model[..^length];
        }
        return model;
    }

    /// <summary>An id without its maker: some answers name one and some do not.</summary>
    private static string Bare(string model) => model[(model.LastIndexOf('/') + 1)..];
}
