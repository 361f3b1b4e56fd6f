using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;

namespace Spendra.Gateway.Requests;

/// <summary>Step 2: what the request asks for, as far as governance must know it, and whether what it names is its own.</summary>
internal static class Intake
{
    private const int MaxIdempotencyKeyLength = 255;
    private const int MaxObjectIdLength = 200;

    public static GatewayError? ReadBody(GovernedCall call, ReadOnlyMemory<byte> body)
    {
        call.Body = body;
        if (call.Route.Dialect.Read(call, body.Span) is { } fault) return GatewayError.Invalid(fault.Message, fault.Parameter);
        return call.Facts.Choices > call.Route.MaxChoices
            ? GatewayError.Invalid($"'n' must be at most {call.Route.MaxChoices} at this provider.", "n")
            : null;
    }

    /// <summary>What rules see of the request, and which account would serve it.</summary>
    public static void Outline(GovernedCall call)
    {
        var provider = call.Route.Provider;
        // Test keys use no account, but their models are named as those of others.
        var account = call.ObjectAccountId is { } id && !call.IsTest
            ? call.Snapshot.Accounts.FirstOrDefault(a => a.AccountId == id)
            : provider.AccountOf(call);
        if (!call.IsTest) call.Account = account;
        var model = provider.PricedModelOf(account, call.Facts.Model);
        call.IsModelKnown = model is not null;
        call.Shape = new RequestShape
        {
            Provider = provider.Name,
            // What is not known is no model that a rule could permit or forbid; it is refused for want of a price.
            Model = model ?? "",
            Tools = call.Facts.Tools,
            ToolServer = provider.ToolServerOf(call),
            Environment = call.Standing.Key.Environment,
        };
    }

    public static GatewayError? ReadIdempotencyKey(GovernedCall call)
    {
        if (!call.Context.Request.Headers.TryGetValue("idempotency-key", out var values)) return null;
        // Reading twice is no repetition: clients that send one key with everything must be able to poll.
        if (HttpMethods.IsGet(call.Route.Method) || call.Facts.IsFree) return null;
        var key = values.ToString();
        if (key.Length is 0 or > MaxIdempotencyKeyLength)
            return GatewayError.Invalid($"'idempotency-key' must have 1 to {MaxIdempotencyKeyLength} characters.", "idempotency-key");
        if (call.Route.Intake == BodyIntake.Streamed)
            return GatewayError.Invalid("'idempotency-key' is not supported for uploads: their content is not held to be compared.", "idempotency-key");
        // The route is part of what the key was used for: the same bytes elsewhere are another request.
        var named = call.Route.NamesModel ? call.Facts.Model : call.NamedObjectId;
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(Encoding.UTF8.GetBytes($"{call.Route.Name}\n{named}\n"));
        if (call.Facts.Form is { } form) form.AppendTo(digest, call.Body.Span);
        else digest.AppendData(call.Body.Span);
        call.Idempotency = new IdempotencyClaim(SHA256.HashData(Encoding.UTF8.GetBytes(key)), digest.GetHashAndReset());
        return null;
    }

    /// <summary>
    /// Every id in path and body must belong to the caller's organization. One that belongs to another is answered
    /// exactly like one that does not exist.
    /// </summary>
    public static async ValueTask<GatewayError?> CheckOwnershipAsync(GovernedCall call, GatewayParts parts, CancellationToken cancel)
    {
        if (call.Route.Names is { } kind)
        {
            var id = call.NamedObjectId = (string?)call.Context.Request.RouteValues["id"] ?? "";
            if (await FindAsync(call, parts, id, kind, cancel) is not { } named) return NoSuch(kind, id);
            call.NamedObjectReservation = named.ReservationId;
            call.ObjectAccountId = named.AccountId;
        }
        foreach (var (referencedKind, id) in call.Facts.References)
        {
            if (await FindAsync(call, parts, id, referencedKind, cancel) is not { } referenced) return NoSuch(referencedKind, id);
            if (call.ObjectAccountId is { } other && other != referenced.AccountId)
                return GatewayError.Invalid("The request names objects of different provider accounts. Use those of one.");
            call.ObjectAccountId = referenced.AccountId;
        }
        return null;
    }

    private static async ValueTask<ProviderObject?> FindAsync(
        GovernedCall call, GatewayParts parts, string id, ObjectKind kind, CancellationToken cancel)
    {
        if (!IsObjectId(id)) return null;
        var found = await parts.Objects.FindAsync(call.Snapshot.OrganizationId, id, kind, cancel);
        // What test keys made is at the sandbox, and what others made is not.
        if (found is null || (found.AccountId == ProviderAccount.SandboxId) != call.IsTest) return null;
        // An id of one provider means nothing at another, and its account's credential must not be sent there.
        var account = call.Snapshot.Accounts.FirstOrDefault(a => a.AccountId == found.AccountId);
        return account is null || account.Provider == call.Route.Provider.Name ? found : null;
    }

    private static GatewayError NoSuch(ObjectKind kind, string id)
    {
        var what = kind switch
        {
            ObjectKind.File => "file",
            ObjectKind.Response => "response",
            ObjectKind.Batch or ObjectKind.IntendedBatch => "batch",
        };
        var shown = IsObjectId(id) ? $" '{id}'" : "";
        return GatewayError.NotFound($"No such {what}{shown}: it does not exist, was deleted, or belongs to somebody else.");
    }

    /// <summary>Ids become part of a path upstream: letters, digits, '-' and '_' only.</summary>
    public static bool IsObjectId(string id)
    {
        if (id.Length is 0 or > MaxObjectIdLength) return false;
        foreach (var c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) return false;
        }
        return true;
    }
}
