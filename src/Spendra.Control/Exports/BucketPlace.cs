using System.Globalization;
using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>
/// Objects of a bucket below a prefix, on any server that speaks S3. A part is made in a file beside and sent whole in one request:
/// the server checks its length and hash, and either has all of it or nothing. Its hash goes along as metadata, so that it need not be
/// sent again.
/// </summary>
internal sealed class BucketPlace(IAmazonS3 client, BucketConnection connection, string bucket, string prefix, TimeProvider time) : IExportPlace
{
    // What one request may send at most.
    private const long LongestObject = 5L << 30;
    private const string Hash = "sha256";

    /// <summary>A client of its own, which retries by itself a few times what a server could not do at the moment.</summary>
    public static IAmazonS3 Connect(BucketConnection connection)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = connection.IsPathStyle,
            // Not every server knows checksums behind the content; each part has its own before it.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 2,
            // How long is right depends on the part: see Watch.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (connection.Endpoint is { } endpoint) (config.ServiceURL, config.AuthenticationRegion) = (endpoint.AbsoluteUri, connection.Region);
        else config.RegionEndpoint = RegionEndpoint.GetBySystemName(connection.Region);
        return connection.Credentials is { } known
            ? new AmazonS3Client(new BasicAWSCredentials(known.KeyId, known.Reveal()), config)
            : new AmazonS3Client(config);
    }

    public void Prepare()
    {
        // A prefix is there when something is below it.
    }

    public async Task<bool> IsEmptyAsync(CancellationToken cancel)
    {
        var found = await AskAsync((_, stop) => client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = prefix + "/", MaxKeys = 1 }, stop), cancel);
        return (found!.KeyCount ?? 0) == 0;
    }

    public async Task<bool> IsWholeAsync(string name, ExportPart part, CancellationToken cancel)
    {
        var found = await AskAsync((_, stop) => client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = KeyOf(name) }, stop), cancel, isMissingFine: true);
        return found is not null && found.ContentLength == part.ByteCount && found.Metadata[Hash] == Convert.ToHexStringLower(part.Sha256);
    }

    public PartFile Create(string name) => PartFile.CreateSpooled(connection.SpoolFolder);

    public async Task KeepAsync(PartFile file, string name, long bytes, byte[] sha256, CancellationToken cancel)
    {
        if (bytes > LongestObject) throw new ExportPlaceException("a part has more than 5 GiB, which no bucket takes at once: the operator lowers Exports:RowsPerPart");
        await AskAsync((watch, stop) =>
        {
            var request = new PutObjectRequest
            {
                BucketName = bucket, Key = KeyOf(name), InputStream = new WatchedStream(file.Stream, watch), AutoCloseStream = false, UseChunkEncoding = false,
                ChecksumSHA256 = Convert.ToBase64String(sha256), ContentType = TypeOf(name),
            };
            request.Metadata[Hash] = Convert.ToHexStringLower(sha256);
            return client.PutObjectAsync(request, stop);
        }, cancel);
    }

    private string KeyOf(string name) => $"{prefix}/{name}";

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".csv" => "text/csv; charset=utf-8",
        ".json" => "application/json",
        ".jsonl" => "application/x-ndjson",
        _ => "application/vnd.apache.parquet",
    };

    /// <summary>Asks the server, as long as something moves; null for what is missing where that is fine.</summary>
    private async Task<T?> AskAsync<T>(Func<Action, CancellationToken, Task<T>> ask, CancellationToken cancel, bool isMissingFine = false) where T : class
    {
        using var limit = new CancellationTokenSource(connection.StallLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            return await ask(() => limit.CancelAfter(connection.StallLimit), stop.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new ExportPlaceException($"the bucket's server did not answer, and took nothing, for {connection.StallLimit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} seconds");
        }
        catch (AmazonS3Exception e) when (isMissingFine && e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
        {
            return null;
        }
        catch (AmazonServiceException e)
        {
            throw new ExportPlaceException(ReasonOf(e));
        }
        catch (AmazonClientException)
        {
            throw new ExportPlaceException("there are no credentials for the bucket: the operator sets Exports:BucketKeyId and Exports:BucketSecret, or gives the machine a role");
        }
        catch (HttpRequestException)
        {
            throw new ExportPlaceException(Unreachable);
        }
    }

    private const string Unreachable = "the bucket's server could not be reached: the operator checks Exports:BucketEndpoint and the network";

    // What a server says in its own words may repeat what it was told.
    private static string ReasonOf(AmazonServiceException e) => e.ErrorCode switch
    {
        "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "ExpiredToken" =>
            "the bucket's server does not know these credentials: the operator checks Exports:BucketKeyId and Exports:BucketSecret",
        "RequestTimeTooSkewed" => "the clocks of this machine and of the bucket's server differ too much",
        "NoSuchBucket" => "there is no such bucket: the operator makes it, or checks Exports:Bucket",
        "AuthorizationHeaderMalformed" or "PermanentRedirect" => "the bucket is in another region: the operator sets Exports:BucketRegion",
        _ => e.StatusCode switch
        {
            0 => Unreachable,
            HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized =>
                "the bucket's server refused: the credentials need the rights to list the bucket and to read and write objects below Exports:BucketPrefix",
            HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect => "the bucket is in another region: the operator sets Exports:BucketRegion",
            HttpStatusCode.NotFound => "there is no such bucket: the operator makes it, or checks Exports:Bucket",
            >= HttpStatusCode.InternalServerError => $"the bucket's server answered HTTP {(int)e.StatusCode} again and again",
            _ => $"the bucket's server answered HTTP {(int)e.StatusCode}",
        },
    };
}
