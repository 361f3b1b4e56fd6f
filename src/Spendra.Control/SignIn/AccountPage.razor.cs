using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;

namespace Spendra.Control.SignIn;

/// <summary>
/// How one signs in oneself. A document and no live page: what it changes goes from the browser to the management API, which
/// answers with another cookie.
/// </summary>
public sealed partial class AccountPage
{
    private SessionView? _session;
    private IReadOnlyList<PasskeyView> _passkeys = [];
    private PageProblem? _problem;

    [Inject]
    private PageCalls Calls { get; set; } = null!;

    [Inject]
    private Visit Visit { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        _problem = await Visit.LoadAsync();
        if (_problem is not null) return;
        var session = await Calls.GetAsync<SessionView>("session");
        var passkeys = await Calls.GetAsync<PasskeysView>("session/passkeys");
        (_session, _passkeys, _problem) = (session.Value, passkeys.Value?.Items ?? [], session.Problem ?? passkeys.Problem);
    }

    private static string MethodOf(string? method) => method switch
    {
        "password" => "password",
        "two_factor" => "password and code",
        "passkey" => "passkey",
        "openid_connect" => "single sign-on",
        _ => "token",
    };
}
