using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Spendra.Control.Shell;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.Api;

/// <summary>
/// People who signed in, for tests of what they may do: a header names the person. How people really prove who they are is
/// tested where that is built.
/// </summary>
internal sealed class PersonScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private const string Name = "person-of-a-test";
    private const string Header = "x-person-of-a-test";

    public static void Add(IServiceCollection services)
    {
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, PersonScheme>(Name, null);
        services.PostConfigure<PolicySchemeOptions>(ControlAuthentication.SchemeName, scheme =>
        {
            var others = scheme.ForwardDefaultSelector!;
            scheme.ForwardDefaultSelector = http => http.Request.Headers.ContainsKey(Header) ? Name : others(http);
        });
    }

    public static ControlClient Client(ControlHarness api, Guid userId)
    {
        var client = new HttpClient { BaseAddress = api.Root };
        client.DefaultRequestHeaders.Add(Header, userId.ToString());
        return new ControlClient(client);
    }

    public static ControlClient Client(ControlHarness api, MemberRow member) => Client(api, member.UserId);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var identity = new ClaimsIdentity(SignedIn.ClaimsOf(Guid.Parse(Request.Headers[Header].ToString())), Name);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name)));
    }
}
