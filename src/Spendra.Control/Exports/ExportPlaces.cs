using Amazon.S3;

namespace Spendra.Control.Exports;

/// <summary>The places of exports: below a folder or in a bucket, as it is configured.</summary>
internal sealed class ExportPlaces(ExportOptions options, TimeProvider time) : IDisposable
{
    private const string Scheme = "s3://";

    private readonly Lazy<IAmazonS3> _client = new(() => BucketPlace.Connect(options.Connection));

    /// <summary>The place of one export that a worker writes.</summary>
    public IExportPlace Of(string organization, Guid runId) => options.Bucket is { } bucket
        ? InBucket(bucket, options.BucketPrefix.Length == 0 ? $"{organization}/{runId}" : $"{options.BucketPrefix}/{organization}/{runId}")
        : new FolderPlace(Path.Combine(options.Folder ?? throw new InvalidOperationException("there is no place for exports"), organization, runId.ToString()));

    /// <summary>The place that somebody names: a folder, or <c>s3://bucket/prefix</c>. With its name in full; null for a bucket without a prefix.</summary>
    public (IExportPlace Place, string Name)? Named(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            var folder = Path.GetFullPath(text);
            return (new FolderPlace(folder), folder);
        }
        var (bucket, prefix) = text[Scheme.Length..].Split('/', 2) is [var first, var rest] ? (first, rest.Trim('/')) : ("", "");
        return bucket.Length == 0 || prefix.Length == 0 ? null : (InBucket(bucket, prefix), $"{Scheme}{bucket}/{prefix}");
    }

    public void Dispose()
    {
        if (_client.IsValueCreated) _client.Value.Dispose();
    }

    private BucketPlace InBucket(string bucket, string prefix) => new(_client.Value, options.Connection, bucket, prefix, time);
}
