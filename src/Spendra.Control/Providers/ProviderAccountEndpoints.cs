using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Providers;

/// <summary>
/// Provider accounts and servers of tools, which are accounts as well. Credentials are written and never read; a secret that is
/// stored goes to no other address than the one that it came with.
/// </summary>
internal static class ProviderAccountEndpoints
{
    private static readonly NewAccount Example = new() { Slug = "main", Provider = KnownProvider.OpenAi, Credential = new NewCredential { Env = "OPENAI_API_KEY" } };
    private static readonly NewMcpServer ServerExample = new() { Slug = "search", BaseUrl = "https://tools.example.com/mcp", TrustsCost = false };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var accounts = organization.MapGroup("/provider-accounts").WithTags("Provider accounts");
        MapShared(accounts, isMcp: false, "ProviderAccount", "provider account");
        accounts.MapPost("", CreateAsync).ForMembers("createProviderAccount", "Create a provider account", Capability.ProvidersWrite, Example, ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
        accounts.MapPut("/{slug}", EditAsync).ForMembers("updateProviderAccount", "Change a provider account", Capability.ProvidersWrite,
            new EditedAccount { RatePercent = 110 }, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);

        var servers = organization.MapGroup("/mcp-servers").WithTags("MCP servers");
        MapShared(servers, isMcp: true, "McpServer", "server of tools");
        servers.MapPost("", CreateServerAsync).ForMembers("createMcpServer", "Create a server of tools", Capability.ProvidersWrite, ServerExample, ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
        servers.MapPut("/{slug}", EditServerAsync).ForMembers("updateMcpServer", "Change a server of tools", Capability.ProvidersWrite,
            new EditedMcpServer { BaseUrl = "https://tools.example.com/mcp" }, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        ToolPriceEndpoints.Map(servers);
    }

    private static void MapShared(RouteGroupBuilder group, bool isMcp, string noun, string words)
    {
        group.MapGet("", ([AsParameters] PageQuery page, [AsParameters] AccountFilter filter, Caller caller, Database database, CancellationToken cancel) =>
                ListAsync(isMcp, page, filter, caller, database, cancel))
            .ForMembers($"list{noun}s", $"List {words.Replace("server of", "servers of", StringComparison.Ordinal)}{(isMcp ? "" : "s")}", Capability.ProvidersRead);
        group.MapGet("/{slug}", (string slug, Caller caller, Database database, CancellationToken cancel) => GetAsync(isMcp, slug, caller, database, cancel))
            .ForMembers($"get{noun}", $"Get a {words}", Capability.ProvidersRead);
        group.MapPost("/{slug}/credential", (string slug, NewCredential body, EntityTag match, Caller caller, ChangeDesk desk, CredentialIntake credentials, CancellationToken cancel) =>
                RotateAsync(isMcp, slug, body, match, caller, desk, credentials, cancel))
            .ForMembers($"rotate{noun}Credential", $"Replace the credential of a {words}", Capability.ProvidersWrite, new NewCredential { Env = "OPENAI_API_KEY_2" },
                ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/archive", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) => ArchiveAsync(isMcp, slug, match, true, caller, desk, cancel))
            .ForMembers($"archive{noun}", $"Archive a {words}: no request reaches it from then on", Capability.ProvidersWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/restore", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) => ArchiveAsync(isMcp, slug, match, false, caller, desk, cancel))
            .ForMembers($"restore{noun}", $"Restore an archived {words}", Capability.ProvidersWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/test", (string slug, Caller caller, Database database, AccountProbe probe, CancellationToken cancel) => TestAsync(isMcp, slug, caller, database, probe, cancel))
            .ForMembers($"test{noun}", $"Make a call that costs nothing with the credential of a {words}", Capability.ProvidersWrite, null, ProblemKind.WrongState);
    }

    private static async Task<Answer<Page<AccountView>>> ListAsync(
        bool isMcp, PageQuery query, AccountFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("slug", "-slug");
        if (!read.IsDone) return read.Problem;
        var rows = await AccountLists.ReadAsync(database, caller.OrganizationId, isMcp, read.Value.Sort == "slug", read.Value.After?[0], read.Value.Limit + 1,
            filter.Provider, filter.Search, filter.Archived == "true", cancel);
        return Outcome<Page<AccountView>>.Done(read.Value.Take(rows, AccountView.Of, r => [r.Account.Slug]));
    }

    private static async Task<Answer<AccountView>> GetAsync(bool isMcp, string slug, Caller caller, Database database, CancellationToken cancel) =>
        await AccountLists.FindAsync(database, caller.OrganizationId, isMcp, slug, cancel) is { } row
            ? Outcome<AccountView>.Done(AccountView.Of(row), row.ChangedEpoch)
            : Problem.NotFound;

    private static async Task<CreationAnswer<AccountView>> CreateAsync(
        NewAccount body, Repetition repetition, Caller caller, ChangeDesk desk, CredentialIntake credentials, CancellationToken cancel) =>
        await desk.CreateAsync<AccountView>(caller, repetition, StateParts.Accounts, draft =>
        {
            if (KnownProvider.OfModels.FirstOrDefault(p => p.Name == body.Provider) is not { } provider)
                return Problem.Field("provider", $"is not one of {string.Join(", ", KnownProvider.OfModels.Select(p => p.Name))}");
            var (url, wrongUrl) = AccountDraft.BaseUrl(body.BaseUrl, provider);
            if (wrongUrl is not null) return wrongUrl;
            var (settings, wrongSettings) = AccountDraft.Settings(provider, body.Deployments, body.RatePercent, body.VectorStores, body.CountsTokens);
            return wrongSettings is not null ? wrongSettings : Create(draft, "provider-accounts", body.Slug, provider, url!, settings, body.Credential, credentials);
        }, cancel);

    private static async Task<CreationAnswer<AccountView>> CreateServerAsync(
        NewMcpServer body, Repetition repetition, Caller caller, ChangeDesk desk, CredentialIntake credentials, CancellationToken cancel) =>
        await desk.CreateAsync<AccountView>(caller, repetition, StateParts.Accounts, draft =>
        {
            var provider = KnownProvider.Find(KnownProvider.Mcp)!;
            var (url, wrongUrl) = AccountDraft.BaseUrl(body.BaseUrl, provider);
            if (wrongUrl is not null) return wrongUrl;
            return Create(draft, "mcp-servers", body.Slug, provider, url!, new AccountSettings { TrustsCost = body.TrustsCost ?? false }, body.Credential, credentials);
        }, cancel);

    private static Outcome<AccountView> Create(
        Draft draft, string path, string slug, KnownProvider provider, string url, AccountSettings settings, NewCredential? credential, CredentialIntake credentials)
    {
        var account = new ProviderAccount
        {
            AccountId = Guid.CreateVersion7(), Slug = slug, Provider = provider.Name, BaseUrl = url, CredentialKind = CredentialKind.Environment, Credential = [], Settings = settings,
        };
        if (credential is not null)
        {
            var (with, wrong) = credentials.Put(draft, account, credential);
            if (wrong is not null) return wrong;
            account = with!;
        }
        var row = new AccountRow(account, IsArchived: false) { ChangedEpoch = draft.NextVersion };
        draft.About(new GovernanceWrite.PutAccount(row));
        if (draft.State.Accounts.Any(a => a.Account.Slug == slug))
            return new Problem(ProblemKind.Duplicate, $"There is an account '{slug}', perhaps archived. A slug is used once.");
        draft.Change(new GovernanceWrite.PutAccount(row), "create", "providerAccount", slug, null, AccountDraft.Describe(account));
        return Outcome<AccountView>.Done(AccountView.Of(row), row.ChangedEpoch, $"/api/v1/organizations/{draft.Caller.Organization}/{path}/{slug}");
    }

    private static async Task<Answer<AccountView>> EditAsync(
        string slug, EditedAccount body, EntityTag match, Caller caller, ChangeDesk desk, CredentialIntake credentials, CancellationToken cancel) =>
        await desk.RunAsync<AccountView>(caller, StateParts.Accounts, draft => Change(draft, false, slug, match, "update", before =>
        {
            var provider = KnownProvider.Find(before.Provider)!;
            var (url, wrongUrl) = AccountDraft.BaseUrl(body.BaseUrl, provider);
            if (wrongUrl is not null) return (null, wrongUrl);
            var (settings, wrongSettings) = AccountDraft.Settings(provider, body.Deployments, body.RatePercent, body.VectorStores, body.CountsTokens);
            return wrongSettings is not null ? (null, wrongSettings) : Move(draft, before with { Settings = settings }, url!, body.Credential, credentials);
        }), cancel);

    private static async Task<Answer<AccountView>> EditServerAsync(
        string slug, EditedMcpServer body, EntityTag match, Caller caller, ChangeDesk desk, CredentialIntake credentials, CancellationToken cancel) =>
        await desk.RunAsync<AccountView>(caller, StateParts.Accounts, draft => Change(draft, true, slug, match, "update", before =>
        {
            var (url, wrongUrl) = AccountDraft.BaseUrl(body.BaseUrl, KnownProvider.Find(KnownProvider.Mcp)!);
            return wrongUrl is not null ? (null, wrongUrl)
                : Move(draft, before with { Settings = before.Settings with { TrustsCost = body.TrustsCost ?? false } }, url!, body.Credential, credentials);
        }), cancel);

    /// <summary>A stored secret that went along to another address would be anybody's who may change addresses.</summary>
    private static (ProviderAccount?, Problem?) Move(Draft draft, ProviderAccount before, string url, NewCredential? credential, CredentialIntake credentials)
    {
        var account = before with { BaseUrl = url };
        if (credential is not null) return credentials.Put(draft, account, credential);
        return url != before.BaseUrl && before.HasCredential
            ? (null, Problem.Field("credential", "is missing: it comes along with another address, since a secret goes nowhere that it was not given for"))
            : (account, null);
    }

    private static async Task<Answer<AccountView>> RotateAsync(
        bool isMcp, string slug, NewCredential body, EntityTag match, Caller caller, ChangeDesk desk, CredentialIntake credentials, CancellationToken cancel) =>
        await desk.RunAsync<AccountView>(caller, StateParts.Accounts, draft => Change(draft, isMcp, slug, match, "rotate",
            before => credentials.Put(draft, before, body, prefix: "")), cancel);

    private static async Task<Answer<AccountView>> ArchiveAsync(
        bool isMcp, string slug, EntityTag match, bool isArchived, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<AccountView>(caller, StateParts.Accounts, draft =>
        {
            if (Find(draft, isMcp, slug) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutAccount(before));
            if (match.Check(before.ChangedEpoch) is { } stale) return stale;
            if (before.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
            var row = before with { IsArchived = isArchived, ChangedEpoch = draft.NextVersion };
            draft.Change(new GovernanceWrite.PutAccount(row), isArchived ? "archive" : "restore", "providerAccount", slug,
                AccountDraft.Describe(before.Account), isArchived ? null : AccountDraft.Describe(row.Account));
            return Outcome<AccountView>.Done(AccountView.Of(row), row.ChangedEpoch);
        }, cancel);

    private static async Task<Answer<TestView>> TestAsync(bool isMcp, string slug, Caller caller, Database database, AccountProbe probe, CancellationToken cancel)
    {
        if (await AccountLists.FindAsync(database, caller.OrganizationId, isMcp, slug, cancel) is not { } row) return Problem.NotFound;
        if (row.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
        return await probe.TryAsync(caller.OrganizationId, row.Account, cancel);
    }

    private static Outcome<AccountView> Change(
        Draft draft, bool isMcp, string slug, EntityTag match, string action, Func<ProviderAccount, (ProviderAccount?, Problem?)> change)
    {
        if (Find(draft, isMcp, slug) is not { } before) return Problem.NotFound;
        draft.About(new GovernanceWrite.PutAccount(before));
        if (match.Check(before.ChangedEpoch) is { } stale) return stale;
        if (before.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
        var (account, problem) = change(before.Account);
        if (problem is not null) return problem;
        var row = before with { Account = account!, ChangedEpoch = draft.NextVersion };
        var isReplaced = account!.CredentialKind == CredentialKind.Sealed && !account.Credential.AsSpan().SequenceEqual(before.Account.Credential);
        draft.Change(new GovernanceWrite.PutAccount(row), action, "providerAccount", slug, AccountDraft.Describe(before.Account), AccountDraft.Describe(account, isReplaced));
        return Outcome<AccountView>.Done(AccountView.Of(row), row.ChangedEpoch);
    }

    private static AccountRow? Find(Draft draft, bool isMcp, string slug) =>
        draft.State.Accounts.FirstOrDefault(a => a.Account.Slug == slug && (a.Account.Provider == KnownProvider.Mcp) == isMcp);
}
