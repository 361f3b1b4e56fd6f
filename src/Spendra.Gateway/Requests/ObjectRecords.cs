using System.Text.Json;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Requests;

/// <summary>What is kept of objects that calls make at a provider: whose they are, and what lists show of files.</summary>
internal static class ObjectRecords
{
    private const int MaxNameLength = 1_000;

    public static ProviderObject Response(GovernedCall call, Reservation reservation, string id) =>
        Make(call, reservation, id, ObjectKind.Response);

    public static ProviderObject Batch(GovernedCall call, Reservation reservation, string id) =>
        Make(call, reservation, id, ObjectKind.Batch);

    /// <summary>The batch that an admitted request is about to make; null when it makes none.</summary>
    public static ProviderObject? Intent(GovernedCall call, Reservation reservation) => call.Batch is { } batch
        ? Make(call, reservation, reservation.ReservationId.ToString(), ObjectKind.IntendedBatch) with { InputFileId = batch.FileId }
        : null;

    /// <summary>The file of an upload's answer, or null when the answer is not a file.</summary>
    public static ProviderObject? File(GovernedCall call, Reservation reservation, string id, ReadOnlySpan<byte> body)
    {
        try
        {
            var file = JsonSerializer.Deserialize(body, OpenAiJson.Default.OpenAiFile);
            if (file is null) return null;
            return Make(call, reservation, id, ObjectKind.File) with
            {
                CreatedAt = file.CreatedAt * 1_000_000,
                Bytes = file.Bytes,
                FileName = file.FileName is { Length: > MaxNameLength } longName ? longName[..MaxNameLength] : file.FileName,
                Purpose = file.Purpose,
                ExpiresAt = file.ExpiresAt is { } seconds ? seconds * 1_000_000 : null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ProviderObject Make(GovernedCall call, Reservation reservation, string id, ObjectKind kind) => new()
    {
        OrganizationId = reservation.OrganizationId,
        ObjectId = id,
        Kind = kind,
        AccountId = reservation.AccountId,
        KeyId = call.Standing.Key.KeyId,
        ReservationId = reservation.ReservationId,
        CreatedAt = reservation.ReservedAt,
    };
}
