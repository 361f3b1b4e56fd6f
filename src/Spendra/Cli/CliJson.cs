using System.Text.Json.Serialization;
using Spendra.Hosting;
using Spendra.Ledger;

namespace Spendra.Cli;

internal sealed record ErrorDetail(string Code, string Message);

internal sealed record ErrorDocument(ErrorDetail Error);

internal sealed record MigrationDocument(string Database, IReadOnlyList<string> Applied);

/// <summary>The documents that commands print with <c>--json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(MigrationDocument))]
[JsonSerializable(typeof(ServingDocument))]
[JsonSerializable(typeof(SandboxDocument))]
[JsonSerializable(typeof(VerificationDocument))]
internal sealed partial class CliJson : JsonSerializerContext;
