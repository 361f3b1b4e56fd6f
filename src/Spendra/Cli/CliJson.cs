using System.Text.Json.Serialization;
using Spendra.Access;
using Spendra.Audit;
using Spendra.Control.Audit;
using Spendra.Control.Budgets;
using Spendra.Demo;
using Spendra.Governance;
using Spendra.Hosting;
using Spendra.Ledger;
using Spendra.Exports;
using Spendra.Reports;
using Spendra.Pricing;
using Spendra.Reconciliation;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;

namespace Spendra.Cli;

internal sealed record ErrorDetail(string Code, string Message);

internal sealed record ErrorDocument(ErrorDetail Error);

internal sealed record MigrationDocument(string Database, IReadOnlyList<string> Applied);

/// <summary>What <c>migrate --plan</c> prints with <c>--json</c>.</summary>
internal sealed record MigrationPlan(string Database, IReadOnlyList<PlannedScript> Pending);

/// <summary>The documents that commands print with <c>--json</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, Converters = [typeof(NanoUsdText)])]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(MigrationDocument))]
[JsonSerializable(typeof(MigrationPlan))]
[JsonSerializable(typeof(PasswordLinkDocument))]
[JsonSerializable(typeof(ServingDocument))]
[JsonSerializable(typeof(SandboxDocument))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(ApplyDocument))]
[JsonSerializable(typeof(DeclarationErrorsDocument))]
[JsonSerializable(typeof(IssuedKeyDocument))]
[JsonSerializable(typeof(KeyDocument))]
[JsonSerializable(typeof(KeysDocument))]
[JsonSerializable(typeof(MemberDocument))]
[JsonSerializable(typeof(MembersDocument))]
[JsonSerializable(typeof(IssuedTokenDocument))]
[JsonSerializable(typeof(TokenDocument))]
[JsonSerializable(typeof(TokensDocument))]
[JsonSerializable(typeof(PricesDocument))]
[JsonSerializable(typeof(ComparisonDocument))]
[JsonSerializable(typeof(SyncRunsDocument))]
[JsonSerializable(typeof(ProposalsDocument))]
[JsonSerializable(typeof(DecisionDocument))]
[JsonSerializable(typeof(VerificationDocument))]
[JsonSerializable(typeof(RebuiltDocument))]
[JsonSerializable(typeof(OutboxFailuresDocument))]
[JsonSerializable(typeof(RetriedDocument))]
[JsonSerializable(typeof(ExportDocument))]
[JsonSerializable(typeof(AuditExportDocument))]
[JsonSerializable(typeof(AuditFileVerdict))]
[JsonSerializable(typeof(AuditKeyDocument))]
[JsonSerializable(typeof(BillImportDocument))]
[JsonSerializable(typeof(BudgetReport))]
[JsonSerializable(typeof(ReservationsDocument))]
[JsonSerializable(typeof(ExplainedRequest))]
internal sealed partial class CliJson : JsonSerializerContext;
