namespace Spendra.Control.Exports;

/// <summary>Where exports are written.</summary>
public sealed record ExportOptions
{
    /// <summary>The folder below which workers write. It or <see cref="Bucket"/>; with neither exports are refused.</summary>
    public string? Folder { get; init; }

    /// <summary>The bucket that workers write into.</summary>
    public string? Bucket { get; init; }

    /// <summary>What the names of all objects begin with, without slashes around it; empty for nothing.</summary>
    public string BucketPrefix { get; init; } = "";

    /// <summary>How buckets are reached.</summary>
    public BucketConnection Connection { get; init; } = new();

    /// <summary>Rows of a part of a file.</summary>
    public int RowsPerPart { get; init; } = 500_000;

    public bool HasPlace => Folder is not null || Bucket is not null;
}

/// <summary>How a server that speaks S3 is reached.</summary>
public sealed record BucketConnection
{
    /// <summary>Its address; null for Amazon's of the region.</summary>
    public Uri? Endpoint { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket stands in the path, not in the host's name.</summary>
    public bool IsPathStyle { get; init; }

    /// <summary>Null: the environment, profile or role of the machine, as Amazon's tools find them.</summary>
    public BucketCredentials? Credentials { get; init; }

    /// <summary>Where a part is held until the bucket has it: one at a time for each export that is written.</summary>
    public string SpoolFolder { get; init; } = Path.GetTempPath();

    /// <summary>So long nothing may move.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>The key of a bucket. Its text is never shown.</summary>
public sealed class BucketCredentials(string keyId, string secret)
{
    public string KeyId => keyId;

    public string Reveal() => secret;

    public override string ToString() => "[redacted]";
}
