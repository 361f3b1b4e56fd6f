using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Shell;

/// <summary>Marks an answer that holds a secret: it is shown once and never kept, not even for a repetition.</summary>
internal interface IShownOnce;

/// <summary>
/// A creation's <c>idempotency-key</c>. The receipt is written in the transaction of the creation, so that a repetition of a
/// call whose answer was lost finds what it made; a creation that failed is not remembered.
/// </summary>
internal sealed record Repetition(byte[]? KeyDigest, byte[] RequestDigest, Problem? Problem)
{
    public const string Header = "idempotency-key";

    private const int LongestKey = 255;

    public static async ValueTask<Repetition?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var key = context.Request.Headers[Header].ToString();
        if (key.Length == 0) return new Repetition(null, [], null);
        if (!PlainText.Matches(key, LongestKey))
            return new Repetition(null, [], Shell.Problem.Field(Header, $"is not plain text of 1 to {LongestKey} characters"));
        var body = await BufferedBody.ReadAsync(context);
        using var request = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        request.AppendData(Encoding.UTF8.GetBytes($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n"));
        request.AppendData(body);
        return new Repetition(SHA256.HashData(Encoding.UTF8.GetBytes(key)), request.GetHashAndReset(), null);
    }

    /// <summary>What was answered the first time; null for a creation that was not made yet.</summary>
    public async Task<Outcome<T>?> FindAsync<T>(GovernanceTransaction transaction, Caller caller, CancellationToken cancel)
    {
        if (KeyDigest is null) return null;
        if (await CreationReceipts.FindAsync(transaction, caller.MemberId, KeyDigest, cancel) is not { } receipt) return null;
        if (!receipt.RequestDigest.AsSpan().SequenceEqual(RequestDigest))
        {
            return new Problem(ProblemKind.IdempotencyMismatch,
                "This idempotency key stands for another request of yours. Use a new key for a new creation.");
        }
        if (receipt.Response is null)
        {
            return new Problem(ProblemKind.ReplayUnavailable,
                $"This was created before, at {receipt.Location}. Its secret was shown once and is kept nowhere: revoke it and create another, should it be lost.");
        }
        var value = JsonSerializer.Deserialize<T>(receipt.Response, ControlJson.Options)!;
        return Outcome<T>.Done(value, location: receipt.Location);
    }

    /// <summary>The receipt to write; null for a call without a key.</summary>
    public GovernanceChange? Receipt<T>(Caller caller, Outcome<T> outcome)
    {
        if (KeyDigest is null) return null;
        var response = outcome.Value is IShownOnce ? null : JsonSerializer.Serialize(outcome.Value, ControlJson.Options);
        var location = outcome.Location ?? throw new InvalidOperationException("a creation answers with a location");
        var receipt = new CreationReceipt(caller.MemberId, KeyDigest, RequestDigest, location, response);
        return new GovernanceChange(new GovernanceWrite.AddReceipt(receipt), new ChangeNote("remember", "receipt", location, null, null));
    }
}
