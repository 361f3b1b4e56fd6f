using Spendra.Control.Dashboard;
using Spendra.Core.Access;

namespace Spendra.Control.Tests.Dashboard;

public sealed class NavigationTests
{
    [Fact]
    public void Who_sees_some_scopes_only_is_not_led_to_what_is_of_the_whole_organization()
    {
        Offered(MemberRole.Manager).Should().Contain("Ledger").And.NotContain(["Reconciliation", "Close", "Members", "Providers"]);
        Offered(MemberRole.Auditor).Should().Contain(["Ledger", "Reconciliation", "Close", "Members", "Providers"]);
        Offered(MemberRole.OrgAdmin).Should().Equal(DashboardNavigation.Groups.SelectMany(g => g.Entries).Select(e => e.Title));
    }

    private static IEnumerable<string> Offered(MemberRole role) => DashboardNavigation.Groups.SelectMany(g => g.Entries)
        .Where(e => e.IsFor(MemberRoles.CapabilitiesOf(role).Holds, !MemberRoles.IsScoped(role))).Select(e => e.Title);
}
