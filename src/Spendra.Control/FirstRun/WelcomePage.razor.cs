using Spendra.Control.Budgets;
using Spendra.Control.Dashboard;
using Spendra.Control.Hierarchy;
using Spendra.Control.Keys;
using Spendra.Control.Ledger;
using Spendra.Control.Policies;
using Spendra.Control.Providers;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Control.FirstRun;

/// <summary>
/// From an empty organization to the first call that is governed. What is there already is done: the page can be left and come
/// back to at any step.
/// </summary>
public sealed partial class WelcomePage
{
    private const string CapSlug = "everything";
    private const string FirstAmount = "50";

    private bool _hasAccount, _hasCap, _hasKey, _isIssuing;
    private EventView? _first;
    private RefusalView? _refusal;
    private RevealedKey? _revealed;
    private CredentialDraft _credential = new();
    private PageProblem? _accountRefused, _capRefused, _keyRefused;
    private string _provider = KnownProvider.OpenAi, _baseUrl = "", _amount = FirstAmount, _employee = "";

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(1);

    protected override async Task LoadAsync()
    {
        // A call has arrived: there is nothing to wait for any more.
        if (_first is not null) return;
        if (_employee.Length == 0) _employee = SlugText.Of(Visitor.Me?.Email.Split('@')[0] ?? "");
        if (!_hasAccount) _hasAccount = !May(Capability.ProvidersRead) || await HasAnyAsync<AccountView>("provider-accounts?limit=1");
        if (!_hasCap) _hasCap = await HasAnyAsync<PolicyView>("policies?limit=1&kind=hard_cap");
        if (!_hasKey) _hasKey = await HasAnyAsync<KeyView>("keys?limit=1&state=live");
        if (!_hasKey) return;
        _first = await FirstAsync<EventView>("ledger/events?limit=1");
        if (_first is null) _refusal = await FirstAsync<RefusalView>("ledger/refusals?limit=1");
    }

    private static string StateOf(bool isDone, bool isBeforeDone) => isDone ? "done" : isBeforeDone ? "" : "later";

    private async Task<bool> HasAnyAsync<T>(string path) where T : class => await FirstAsync<T>(path) is not null;

    private async Task<T?> FirstAsync<T>(string path) where T : class =>
        (await TryReadAsync<Page<T>>(path)).Value is { Items: [var first, ..] } ? first : null;

    private async Task AddAccountAsync()
    {
        var body = new NewAccount { Slug = _provider, Provider = _provider, BaseUrl = QueryText.OrNull(_baseUrl), Credential = _credential.Read() ?? new NewCredential() };
        _accountRefused = (await CreateAsync<AccountView>("provider-accounts", body)).Problem;
        if (_accountRefused is not null) return;
        _credential = new CredentialDraft();
        await ReloadAsync();
    }

    private async Task AddCapAsync()
    {
        if (!NanoUsd.TryParse(_amount.Trim(), out var amount))
        {
            _capRefused = PageProblem.NotAnAmount("amountUsd");
            return;
        }
        // The budget may be there from an attempt that went no further.
        if ((await TryReadAsync<BudgetView>($"budgets/{CapSlug}")).Value is null)
        {
            _capRefused = (await CreateAsync<BudgetView>("budgets", new NewBudget { Slug = CapSlug, Scope = "organization", AmountUsd = amount, Period = "month" })).Problem;
            if (_capRefused is not null) return;
        }
        _capRefused = (await CreateAsync<PolicyView>("policies", new NewPolicy { Slug = CapSlug, Kind = "hard_cap", Budget = CapSlug })).Problem;
        if (_capRefused is null) await ReloadAsync();
    }

    private async Task AddKeyAsync()
    {
        // A second click would be refused, as the key is there, and hide the secret of the first.
        if (_isIssuing) return;
        _isIssuing = true;
        try
        {
            await IssueAsync();
        }
        finally
        {
            _isIssuing = false;
        }
    }

    private async Task IssueAsync()
    {
        var employee = _employee.Trim();
        if ((await TryReadAsync<ScopeView>($"employees/{Uri.EscapeDataString(employee)}")).Value is null)
        {
            _keyRefused = (await CreateAsync<ScopeView>("employees", new NewScope { Slug = employee })).Problem;
            if (_keyRefused is not null) return;
        }
        var answer = await CreateAsync<RevealedKey>("keys", new NewKey { Slug = $"{employee}-first", Actor = $"employee/{employee}" });
        (_keyRefused, _revealed) = (answer.Problem, answer.Value ?? _revealed);
        if (_keyRefused is null) await ReloadAsync();
    }

    private Task<PageAnswer<T>> CreateAsync<T>(string path, object body) =>
        SendAsync<T>(new PageCall(HttpMethod.Post, path, body));
}
