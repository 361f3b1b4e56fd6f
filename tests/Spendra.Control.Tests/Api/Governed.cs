using Microsoft.Extensions.DependencyInjection;
using Spendra.Core.Audit;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.Api;

/// <summary>An organization with people in it, and what was recorded of their changes.</summary>
internal static class Governed
{
    /// <summary>A second organization, whose members are nobody in the first.</summary>
    public const string Other = """
        organization:
          slug: other
          name: Other
        teams:
          - slug: search
        """;

    public static async Task<ControlHarness> StartAsync(DatabaseEngine engine, Action<IServiceCollection>? replace = null)
    {
        var api = await ControlHarness.StartAsync(engine, services =>
        {
            PersonScheme.Add(services);
            replace?.Invoke(services);
        });
        await api.ApplyAsync(Files.Acme);
        return api;
    }

    /// <summary>The audit records of a kind of subject, in order, after the whole chain was verified.</summary>
    public static async Task<List<AuditRecord>> RecordsAsync(this ControlHarness api, string kind, string organization = "acme")
    {
        var cancel = TestContext.Current.CancellationToken;
        var id = (await api.Store.Reader.FindOrganizationAsync(organization, cancel))!.Value;
        (await AuditLog.VerifyAsync(api.Store.Database, id, cancel)).IsWhole.Should().BeTrue();
        return await AuditLog.ReadAsync(api.Store.Database, id, cancel).Where(r => r.SubjectKind == kind).ToListAsync(cancel);
    }

    public static string Of(this ControlAnswer answer, string field) => answer.Json.GetProperty(field).GetString()!;

    /// <summary>The bytes of an answer but for the call's own id.</summary>
    public static string Anonymous(this ControlAnswer answer) => answer.Body.Replace(answer.RequestId, "", StringComparison.Ordinal);
}
