using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Providers;

/// <summary>A provider account as callers see it: everything but its secret.</summary>
/// <param name="Slug">Its name; never changes.</param>
/// <param name="Provider">As prices name it; never changes.</param>
/// <param name="BaseUrl">The address that routes are added to.</param>
/// <param name="Credential">What may be said about its credential.</param>
/// <param name="Deployments">Azure: the model behind each deployment.</param>
/// <param name="RatePercent">What the account costs, in per cent of the price book's rates.</param>
/// <param name="VectorStores">OpenAI and Azure: the vector stores that are this organization's.</param>
/// <param name="CountsTokens">Whether requests may be sent to the provider's counting endpoint.</param>
/// <param name="TrustsCost">Servers of tools: what the server says that a call cost is settled.</param>
/// <param name="IsArchived">An archived account serves no request; its history stays.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record AccountView(
    string Slug, string Provider, string BaseUrl, CredentialView Credential, IReadOnlyDictionary<string, string> Deployments, int RatePercent,
    IReadOnlyList<string> VectorStores, bool CountsTokens, bool TrustsCost, bool IsArchived, long Version)
{
    public static AccountView Of(AccountRow row) => new(
        row.Account.Slug, row.Account.Provider, row.Account.BaseUrl, CredentialView.Of(row.Account), row.Account.Settings.Deployments,
        row.Account.Settings.RatePercent, [.. row.Account.Settings.VectorStores], row.Account.Settings.CountsTokens, row.Account.Settings.TrustsCost,
        row.IsArchived, row.ChangedEpoch);
}

/// <param name="Kind"><c>environment</c>, <c>sealed</c> or <c>none</c>.</param>
/// <param name="Variable">The environment variable of the gateway that holds the secret.</param>
internal sealed record CredentialView(string Kind, string? Variable)
{
    public static CredentialView Of(ProviderAccount account) => !account.HasCredential ? new("none", null)
        : account.CredentialKind == CredentialKind.Environment ? new("environment", Encoding.UTF8.GetString(account.Credential)) : new("sealed", null);

    /// <summary>As audit records tell it.</summary>
    public string Said => Kind == "environment" ? $"env {Variable}" : Kind;
}

/// <summary>A credential, written and never read again: one of the two.</summary>
public sealed record NewCredential
{
    /// <summary>The environment variable of the gateway that holds the secret: one that the operator lists for the organization.</summary>
    [Plain]
    public string? Env { get; init; }

    /// <summary>The secret itself: kept encrypted, shown to nobody.</summary>
    [MinLength(1), MaxLength(AccountRules.LongestSecret)]
    public string? Value { get; init; }

    public override string ToString() => "credential [redacted]";
}

/// <summary>A new provider account.</summary>
public sealed record NewAccount
{
    [Slug]
    public required string Slug { get; init; }

    /// <summary>As prices name it, such as <c>openai</c>.</summary>
    [Plain]
    public required string Provider { get; init; }

    /// <summary>The provider's public address when absent, where there is one.</summary>
    [Plain(AccountRules.LongestUrl)]
    public string? BaseUrl { get; init; }

    public required NewCredential Credential { get; init; }

    /// <summary>Azure: the model, by its exact id, behind each deployment's name.</summary>
    public IReadOnlyDictionary<string, string>? Deployments { get; init; }

    [Range(1, AccountRules.MaxRatePercent)]
    public int? RatePercent { get; init; }

    [Names]
    public IReadOnlyList<string>? VectorStores { get; init; }

    public bool? CountsTokens { get; init; }
}

/// <summary>A provider account as it shall be: what is absent is as for a new one. Its credential stays unless one comes along.</summary>
public sealed record EditedAccount
{
    [Plain(AccountRules.LongestUrl)]
    public string? BaseUrl { get; init; }

    /// <summary>Required when the address becomes another: a secret goes nowhere that its owner has not named.</summary>
    public NewCredential? Credential { get; init; }

    public IReadOnlyDictionary<string, string>? Deployments { get; init; }

    [Range(1, AccountRules.MaxRatePercent)]
    public int? RatePercent { get; init; }

    [Names]
    public IReadOnlyList<string>? VectorStores { get; init; }

    public bool? CountsTokens { get; init; }
}

/// <summary>A new server of tools.</summary>
public sealed record NewMcpServer
{
    [Slug]
    public required string Slug { get; init; }

    /// <summary>The address of the server's endpoint.</summary>
    [Plain(AccountRules.LongestUrl)]
    public required string BaseUrl { get; init; }

    /// <summary>None when the server wants none.</summary>
    public NewCredential? Credential { get; init; }

    /// <summary>What the server says that a call cost is settled, up to the tool's price.</summary>
    public bool? TrustsCost { get; init; }
}

/// <summary>A server of tools as it shall be. Its credential stays unless one comes along.</summary>
public sealed record EditedMcpServer
{
    [Plain(AccountRules.LongestUrl)]
    public required string BaseUrl { get; init; }

    public NewCredential? Credential { get; init; }

    public bool? TrustsCost { get; init; }
}

/// <summary>What each call of a server's tools costs: what is absent is not permitted any more.</summary>
public sealed record ToolPricesBody
{
    /// <summary>USD per call by the tool's name; 0 when it is free.</summary>
    public required IReadOnlyDictionary<string, NanoUsd> Tools { get; init; }

    /// <summary>USD per call of every other tool; without it there are no others.</summary>
    public NanoUsd? DefaultToolUsd { get; init; }
}

/// <summary>What each call of a server's tools costs.</summary>
/// <param name="Tools">USD per call by the tool's name.</param>
/// <param name="DefaultToolUsd">USD per call of every other tool; null when there are no others.</param>
internal sealed record ToolPricesView(IReadOnlyDictionary<string, NanoUsd> Tools, NanoUsd? DefaultToolUsd);

/// <summary>What came of a test call.</summary>
/// <param name="IsReached">Whether the upstream answered at all.</param>
/// <param name="Status">The HTTP status of its answer.</param>
/// <param name="LatencyMs">Until the answer began.</param>
/// <param name="Failure">Why there was no answer.</param>
internal sealed record TestView(bool IsReached, int? Status, long LatencyMs, string? Failure);

/// <summary>Which accounts.</summary>
public sealed class AccountFilter
{
    [FromQuery(Name = "provider"), Description("Only of this provider.")]
    public string? Provider { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose slug contains this text, in any case.")]
    public string? Search { get; init; }

    [FromQuery(Name = "archived"), Description("'true' lists archived ones as well."), AllowedTexts("true", "false")]
    public string? Archived { get; init; }
}
