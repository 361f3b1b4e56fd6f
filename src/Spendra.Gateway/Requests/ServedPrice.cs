using System.Globalization;
using Spendra.Core.Governance;
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

    // How Google tells what served a model: a stable version by number, a preview by month and day or month and year.
    private static readonly string[] GoogleForms = ["-###", "-##-##", "-##-####"];

    /// <summary>
    /// The price version of the served model at the instant of the reservation: the pinned one when it is the model that
    /// was asked for, in any snapshot that has no price of its own; null when what served has no price.
    /// </summary>
    public static PriceVersion? Of(PriceVersion pinned, string? served, PriceBook book, long atMicros)
    {
        if (string.IsNullOrEmpty(served) || served == pinned.Model) return pinned;
        if (Find(pinned, served, book, atMicros) is { } exact) return exact;
        var (name, date) = Parted(served);
        var (pinnedName, pinnedDate) = Parted(pinned.Model);
        // One snapshot has several spellings; of two snapshots only one is the pinned model.
        if (Bare(name) == Bare(pinnedName) && (date is null || pinnedDate is null || date == pinnedDate)) return pinned;
        if (IsVersion(pinned, Bare(served))) return pinned;
        return Find(pinned, name, book, atMicros);
    }

    /// <summary>Whether Google served a version of the very model that is pinned, or that model where a version of it is.</summary>
    private static bool IsVersion(PriceVersion pinned, string served) =>
        pinned.Provider is KnownProvider.Google or KnownProvider.VertexAi
        && (IsVersionOf(served, Bare(pinned.Model)) || IsVersionOf(Bare(pinned.Model), served));

    private static bool IsVersionOf(string id, string name)
    {
        if (!id.StartsWith(name, StringComparison.Ordinal)) return false;
        var version = id[name.Length..];
        foreach (var form in GoogleForms)
        {
            if (version.Length == form.Length && version.Zip(form).All(c => c.Second == '#' ? char.IsAsciiDigit(c.First) : c.First == c.Second)) return true;
        }
        return false;
    }

    /// <summary>By the id that served, or with the maker that the pinned model names: some answers leave it out.</summary>
    private static PriceVersion? Find(PriceVersion pinned, string served, PriceBook book, long atMicros) =>
        book.Find(pinned.Provider, served, atMicros)
        ?? (served.Contains('/', StringComparison.Ordinal) ? null : book.Find(pinned.Provider, pinned.Model[..^Bare(pinned.Model).Length] + served, atMicros));

    /// <summary>An id without the date of its snapshot, and the date: <c>gpt-4.1-mini</c> of <c>gpt-4.1-mini-2025-04-14</c>.</summary>
    private static (string Name, DateOnly? Date) Parted(string model)
    {
        foreach (var form in DateForms)
        {
            // The quotes around the separator are not part of a date.
            var length = form.Length - 2;
            if (model.Length > length && DateOnly.TryParseExact(model.AsSpan(model.Length - length), form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                return (model[..^length], date);
        }
        return (model, null);
    }

    /// <summary>An id without the date of a snapshot.</summary>
    public static string UndatedOf(string model) => Parted(model).Name;

    /// <summary>An id without its maker: some answers name one and some do not.</summary>
    private static string Bare(string model) => model[(model.LastIndexOf('/') + 1)..];
}
