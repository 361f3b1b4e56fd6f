using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Files;

/// <summary>The fields of an upload, filled part by part in whatever order they come.</summary>
internal sealed class UploadForm(SandboxOptions options)
{
    private const int MaxFieldBytes = 1024;
    private const long LeastExpirySeconds = 3_600;
    private const long MostExpirySeconds = 2_592_000;

    private static readonly string[] s_purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"];

    private string? _purpose;
    private string? _expirySeconds;
    private byte[]? _content;
    private long _bytes;

    public string? FileName { get; private set; }

    /// <returns>False when the file is larger than an upload may be.</returns>
    public async Task<bool> ReadAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
            return true;
        switch (HeaderUtilities.RemoveQuotes(disposition.Name).ToString())
        {
            case "file":
                var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
                FileName = HeaderUtilities.RemoveQuotes(name).ToString();
                return await ReadFileAsync(section.Body, cancellationToken);
            case "purpose":
                _purpose = await ReadFieldAsync(section.Body, cancellationToken);
                return true;
            case "expires_after[seconds]":
                _expirySeconds = await ReadFieldAsync(section.Body, cancellationToken);
                return true;
            default:
                return true;
        }
    }

    public Refusal? Refuse()
    {
        if (string.IsNullOrEmpty(FileName))
            return Refusal.Missing("file");
        if (_purpose is null)
            return Refusal.Missing("purpose");
        if (!s_purposes.Contains(_purpose))
            return Refusal.Invalid($"'{_purpose}' is not one of {string.Join(", ", s_purposes)} - 'purpose'", "purpose");
        if (_expirySeconds is not null && ExpirySeconds() is not (>= LeastExpirySeconds and <= MostExpirySeconds))
            return Refusal.OutOfRange("expires_after.seconds", LeastExpirySeconds, MostExpirySeconds);
        return null;
    }

    /// <summary>The file; only for a form that <see cref="Refuse"/> found nothing wrong with.</summary>
    public StoredFile ToFile(Exchange exchange)
    {
        var now = exchange.Sandbox.NowSeconds;
        return new StoredFile
        {
            Id = exchange.Sandbox.Ids.Next("file-"),
            Name = FileName!,
            Purpose = _purpose!,
            Bytes = _bytes,
            Content = _content,
            CreatedAtSeconds = now,
            ExpiresAtSeconds = now + ExpirySeconds(),
        };
    }

    private long? ExpirySeconds() => long.TryParse(_expirySeconds, out var seconds) ? seconds : null;

    private async Task<bool> ReadFileAsync(Stream body, CancellationToken cancellationToken)
    {
        var rented = ArrayPool<byte>.Shared.Rent(64 * 1024);
        var kept = new MemoryStream();
        try
        {
            int read;
            while ((read = await body.ReadAsync(rented, cancellationToken)) > 0)
            {
                _bytes += read;
                if (_bytes > options.MaxUploadBytes)
                    return false;
                if (_bytes <= options.MaxFileContentBytes)
                    kept.Write(rented, 0, read);
                else if (kept.Capacity > 0)
                    kept = new MemoryStream();
            }
            _content = _bytes <= options.MaxFileContentBytes ? kept.ToArray() : null;
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static async Task<string> ReadFieldAsync(Stream body, CancellationToken cancellationToken)
    {
        var field = new byte[MaxFieldBytes];
        var read = await body.ReadAtLeastAsync(field, MaxFieldBytes, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(field, 0, read);
    }
}
