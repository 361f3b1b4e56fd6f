using Spendra.Control.Exports;

namespace Spendra.Settings;

/// <summary>Reads where exports are written. The secret of a bucket is never repeated in errors.</summary>
internal static class ExportSettings
{
    private const int LongestPrefix = 500;

    public static ExportOptions Read(SettingReader reader, List<string> errors)
    {
        var (folder, bucket) = reader.OneOf("Exports:Folder", "Exports:Bucket");
        if (folder is not null && !Directory.Exists(folder)) errors.Add($"Exports:Folder is '{folder}': allowed is a folder that exists");
        if (bucket is not null && !IsBucket(bucket)) errors.Add($"Exports:Bucket is '{bucket}': allowed is the name of a bucket, of 3 to 63 small letters, digits, dots and hyphens; its server is Exports:BucketEndpoint");
        return new ExportOptions
        {
            Folder = folder is null ? null : Path.GetFullPath(folder),
            Bucket = bucket,
            BucketPrefix = reader.Checked("Exports:BucketPrefix", IsPrefix, $"what names of objects begin with, of at most {LongestPrefix} characters, without empty steps") is { } prefix ? prefix.Trim('/') : "",
            Connection = ReadConnection(reader, errors),
            RowsPerPart = reader.Number("Exports:RowsPerPart", new ExportOptions().RowsPerPart, 1_000, 10_000_000),
        };
    }

    private static BucketConnection ReadConnection(SettingReader reader, List<string> errors)
    {
        var otherwise = new BucketConnection();
        var endpoint = reader.Checked("Exports:BucketEndpoint", IsEndpoint, "an http or https address without user info, query and path");
        var (keyId, secret) = (reader.Text("Exports:BucketKeyId"), reader.Text("Exports:BucketSecret"));
        if ((keyId is null) != (secret is null)) errors.Add("Exports:BucketKeyId and Exports:BucketSecret belong together: set both or none");
        return new BucketConnection
        {
            Endpoint = endpoint is null ? null : new Uri(endpoint),
            Region = reader.Checked("Exports:BucketRegion", static text => text.Length is > 0 and < 64 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'), "a region such as eu-central-1") ?? otherwise.Region,
            IsPathStyle = reader.Flag("Exports:BucketPathStyle", endpoint is not null),
            Credentials = keyId is not null && secret is not null ? new BucketCredentials(keyId, secret) : null,
            SpoolFolder = reader.Checked("Exports:SpoolFolder", Directory.Exists, "a folder that exists") is { } spool ? Path.GetFullPath(spool) : otherwise.SpoolFolder,
            StallLimit = TimeSpan.FromSeconds(reader.Number("Exports:BucketStallSeconds", (int)otherwise.StallLimit.TotalSeconds, 1, 600)),
        };
    }

    private static bool IsBucket(string text) =>
        text.Length is >= 3 and <= 63 && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-');

    private static bool IsPrefix(string text) =>
        text.Length is > 0 and <= LongestPrefix && text.Trim('/') is { Length: > 0 } prefix && prefix.Split('/').All(step => step.Length > 0 && step is not "." and not "..")
        && !text.Any(char.IsControl);

    private static bool IsEndpoint(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp) && address is { UserInfo: "", Query: "", AbsolutePath: "/" };
}
