using System.Text.Json;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.Reconciliation;
using Spendra.Core.Access;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Periods;

namespace Spendra.Control.Tests.Close;

/// <summary>Locking the months of the books through the management API, on either engine.</summary>
public abstract class PeriodContract(DatabaseEngine engine)
{
    private static readonly Usage Thousand = new() { Input = 1_000, Output = 100 };

    private static readonly object Waived = new { waiver = "the bill comes next week" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Month => PastBooks.Month.ToString();

    private static string Lock => $"/periods/{Month}/lock";

    [Fact]
    public async Task What_a_locked_month_adds_up_to_does_not_change_whatever_is_booked_later()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.FinanceManager);
        var spent = await books.SpendAsync(PastBooks.Noon(3), Thousand);
        var late = await books.HoldAsync(PastBooks.Noon(4));
        await books.ExpireAsync(late, PastBooks.Noon(4) + 900_000_000);
        var locked = await finance.PostAsync(Lock, Waived);
        locked.Status.Should().Be(200, locked.Body);
        locked.Json.GetProperty("entries").GetInt64().Should().Be(2);
        var before = await finance.GetAsync($"/periods/{Month}");
        before.Json.GetProperty("isLocked").GetBoolean().Should().BeTrue();
        before.Json.GetProperty("inDoubt").GetInt64().Should().Be(1);
        var journal = await finance.GetAsync($"/periods/{Month}/journal");

        // A late settlement by a process whose clock is still in the month, and corrections that are meant for it.
        await books.SettleAsync(late, Thousand, PastBooks.Noon(28));
        await AdjustAsync(finance, approver, new { requestId = spent, differenceUsd = "0.5", reason = "Invoice 7" });
        await AdjustAsync(finance, approver, new { account = "main", differenceUsd = "-2", reason = "Credit note", month = Month });

        var after = await finance.GetAsync($"/periods/{Month}");
        Text(after.Json, "expenseUsd").Should().Be(Text(locked.Json, "expenseUsd"));
        after.Json.GetProperty("entries").GetInt64().Should().Be(2);
        (await finance.GetAsync($"/periods/{Month}/journal")).Body.Should().Be(journal.Body);

        // They are in the next one, and name what they correct.
        var next = await finance.GetAsync($"/periods/{PastBooks.Month.Next}/journal");
        var lines = Lines(next);
        lines.Should().Contain($"{PastBooks.Month.Next},expense,main,search,ranking,adjustment,{Month},1,1,0.5,");
        lines.Should().Contain($"{PastBooks.Month.Next},expense,main,,,adjustment,{Month},,1,,2");
        lines.Should().ContainSingle(l => l.StartsWith($"{PastBooks.Month.Next},expense,main,search,ranking,late,{Month},2,1,,", StringComparison.Ordinal));
        (await finance.GetAsync($"/periods/{PastBooks.Month.Next}")).Json.GetProperty("entries").GetInt64().Should().Be(3);
        (await books.VerifyAsync()).Should().BeEmpty();

        // By hand it can be changed, and then it is seen.
        after.Json.GetProperty("isAsLocked").GetBoolean().Should().BeTrue();
        await api.Store.ExecuteAsync("UPDATE postings SET amount_nanos = amount_nanos * 2 WHERE entry_sequence = 1");
        (await finance.GetAsync($"/periods/{Month}")).Json.GetProperty("isAsLocked").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task A_month_with_open_requests_is_not_locked()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var held = await books.HoldAsync(PastBooks.Noon(4));
        var refused = await finance.PostAsync(Lock, Waived);
        refused.ProblemType.Should().Be("wrong-state");
        refused.Json.GetProperty("detail").GetString().Should().Contain("1 requests made before its end have not ended");
        (await finance.GetAsync($"/periods/{Month}")).Json.GetProperty("openReservations").GetInt64().Should().Be(1);
        await books.ExpireAsync(held, PastBooks.Noon(5));
        (await finance.PostAsync(Lock, Waived)).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_month_whose_bill_is_not_explained_is_locked_with_a_reason_only()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await books.SpendAsync(PastBooks.Noon(3), Thousand);
        var refused = await finance.PostAsync(Lock, new { });
        refused.ProblemType.Should().Be("wrong-state");
        refused.Json.GetProperty("detail").GetString().Should().Contain("not explained within the tolerance: main");

        // 0.00225 booked, 0.0023 billed: 2.17 % are open.
        var bill = new { account = "main", format = "csv", content = $"day,model,usd\n{Month}-03,house-model,0.0023\n", mapping = new { day = "day", model = "model", amount = "usd" } };
        (await finance.PostAsync("/reconciliation/imports", bill)).Status.Should().Be(201);
        (await finance.PostAsync("/reconciliation/runs", new { account = "main", month = Month })).Status.Should().Be(201);
        (await finance.PostAsync(Lock, new { })).ProblemType.Should().Be("wrong-state");
        (await finance.GetAsync($"/periods/{Month}")).Json.GetProperty("unexplained")[0].GetString().Should().Be("main");

        var rules = await finance.GetAsync("/periods/rules");
        (await finance.PutAsync("/periods/rules", new { toleranceBasisPoints = 300 }, rules.ETag)).Status.Should().Be(200);
        (await finance.PutAsync("/periods/rules", new { toleranceBasisPoints = 9_000 }, rules.ETag)).ProblemType.Should().Be("stale-version");
        var locked = await finance.PostAsync(Lock, new { });
        locked.Status.Should().Be(200, locked.Body);
        locked.Json.GetProperty("waiver").GetString().Should().BeNull();
    }

    [Fact]
    public async Task A_comparison_that_was_made_too_early_explains_no_month()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await books.SpendAsync(PastBooks.Noon(1), Thousand);
        await BillAsync(finance, "01,house-model,0.00225");
        await CompareAsync(finance);
        // As if that had been in the month, when nobody knew yet what comes; then it is spent on.
        await api.Store.ExecuteAsync($"UPDATE reconciliation_runs SET created_at = {PastBooks.Noon(2)}");
        await books.SpendAsync(PastBooks.Noon(20), Thousand);
        await ShouldBeUnexplainedAsync("100.00");

        // Compared now, but before the bill that tells of the rest.
        await BillAsync(finance, "01,house-model,0.00225", "20,house-model,0.00225");
        await CompareAsync(finance);
        await BillAsync(finance, "20,house-model,0.00525");
        await ShouldBeUnexplainedAsync("100.00");
        await CompareAsync(finance);
        await ShouldBeUnexplainedAsync("60.00", isCurrent: true);

        await BillAsync(finance, "20,house-model,0.00225");
        await CompareAsync(finance);
        var locked = await finance.PostAsync(Lock, new { });
        locked.Status.Should().Be(200, locked.Body);

        async Task ShouldBeUnexplainedAsync(string share, bool isCurrent = false)
        {
            var account = (await finance.GetAsync($"/periods/{Month}")).Json.GetProperty("accounts")[0];
            (Text(account, "explainedPercent"), account.GetProperty("isCurrent").GetBoolean(), account.GetProperty("isWithinTolerance").GetBoolean())
                .Should().Be((share, isCurrent, false));
            var refused = await finance.PostAsync(Lock, new { });
            refused.ProblemType.Should().Be("wrong-state", refused.Body);
            refused.Json.GetProperty("detail").GetString().Should().Contain("not explained within the tolerance: main");
        }
    }

    [Fact]
    public async Task What_was_added_up_by_other_locks_is_added_up_again()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        await books.SpendAsync(PastBooks.Noon(3), Thousand);
        // Locked without the entry, the month leaves it to the next one; opened and locked with it, it has it.
        var before = Locked(0);
        await ApplyAsync(new GovernanceWrite.LockPeriod(before));
        var seen = await PeriodBooks.CheckAsync(api.Store.Database, books.OrganizationId, PastBooks.Month.Next, Cancel);
        seen.Totals.EntryCount.Should().Be(1);
        await ApplyAsync(new GovernanceWrite.ReopenPeriod(before with { ReopenedAt = 1, ReopenedBy = "x", ReopenReason = "x" }));
        await ApplyAsync(new GovernanceWrite.LockPeriod(Locked(1)));

        await using var transaction = await GovernanceTransaction.BeginAsync(api.Store.Database, books.OrganizationId, TimeProvider.System, Cancel);
        var calendar = PeriodReader.ToCalendar(await PeriodReader.InForceAsync(transaction, Cancel));
        (await PeriodBooks.GoOnAsync(transaction, PastBooks.Month.Next, calendar, seen, Cancel)).Totals.EntryCount.Should().Be(0);

        PeriodLock Locked(long last) => new() { LockId = Guid.CreateVersion7(), Period = PastBooks.Month, LastSequence = last, EntryCount = last, Expense = NanoUsd.Zero };

        async Task ApplyAsync(GovernanceWrite write)
        {
            await using var change = await GovernanceTransaction.BeginAsync(api.Store.Database, books.OrganizationId, TimeProvider.System, Cancel);
            await change.ApplyAsync([new GovernanceChange(write, new ChangeNote("update", "period", "x", null, "{}"))], new ChangeAuthor("tester", "test"), Cancel);
        }
    }

    [Fact]
    public async Task Books_that_do_not_balance_are_not_closed()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await books.SpendAsync(PastBooks.Noon(3), Thousand);
        await api.Store.ExecuteAsync("UPDATE postings SET amount_nanos = amount_nanos + 1 WHERE ledger_account = 1");
        var refused = await finance.PostAsync(Lock, Waived);
        refused.ProblemType.Should().Be("wrong-state");
        refused.Json.GetProperty("detail").GetString().Should().Contain("Its trial balance is 0.000000001 USD with 1 unbalanced entries");
    }

    [Fact]
    public async Task Correcting_entries_go_into_the_month_that_they_are_for_as_long_as_it_is_open()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.FinanceManager);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await books.SpendAsync(PastBooks.Noon(3), Thousand);
        var fee = new { account = "main", differenceUsd = "1", reason = "fee", month = Month };
        (await finance.PostAsync("/ledger/adjustments", fee with { month = PastBooks.Month.Next.Next.ToString() })).Field.Should().Be("month");

        await AdjustAsync(finance, approver, fee);
        (await ExpenseAsync(finance)).Should().Be("1.00225");
        (await finance.PostAsync(Lock, Waived)).Status.Should().Be(200);
        await AdjustAsync(finance, approver, fee);
        (await ExpenseAsync(finance)).Should().Be("1.00225");

        var reopen = $"/periods/{Month}/reopen";
        (await finance.PostAsync(reopen, new { reason = "x" })).ProblemType.Should().Be("forbidden");
        (await admin.PostAsync(reopen, new { reason = " " })).Field.Should().Be("reason");
        (await admin.PostAsync($"/periods/{PastBooks.Month.Next}/reopen", new { reason = "x" })).ProblemType.Should().Be("wrong-state");
        (await admin.PostAsync(reopen, new { reason = "A fee was forgotten" })).Status.Should().Be(200);
        await AdjustAsync(finance, approver, fee);
        (await ExpenseAsync(finance)).Should().Be("2.00225");
        (await finance.PostAsync(Lock, Waived)).Status.Should().Be(200);
        (await finance.PostAsync(Lock, Waived)).ProblemType.Should().Be("wrong-state");

        (await finance.GetAsync("/periods/locks")).Items("state").Should().Equal("locked", "reopened");
        (await finance.GetAsync("/audit/records?subjectKind=period&sort=sequence")).Items("action").Should().Equal("lock", "reopen", "lock");
        (await books.VerifyAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Months_are_locked_in_order_and_after_their_end()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var running = PastBooks.Month.Next;
        (await finance.PostAsync($"/periods/{running}/lock", new { })).Json.GetProperty("detail").GetString().Should().Contain("is not over yet");
        (await finance.PostAsync($"/periods/{PastBooks.Month.Previous.Previous}/lock", new { })).Status.Should().Be(200);
        (await finance.PostAsync(Lock, new { })).Json.GetProperty("detail").GetString().Should().Contain($"{PastBooks.Month.Previous} is locked before {Month}");
        (await finance.PostAsync($"/periods/{PastBooks.Month.Previous}/lock", new { })).Status.Should().Be(200);
        (await finance.PostAsync(Lock, new { })).Status.Should().Be(200);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        (await admin.PostAsync($"/periods/{PastBooks.Month.Previous}/reopen", new { reason = "x" })).ProblemType.Should().Be("wrong-state");
        (await admin.GetAsync("/periods/2026-13")).Status.Should().Be(404);
    }

    [Fact]
    public async Task The_journal_tells_expenses_by_account_and_cost_centre_and_balances()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await books.SpendAsync(PastBooks.Noon(3), Thousand);
        await books.SpendAsync(PastBooks.Noon(4), Thousand);
        await books.SpendAsync(PastBooks.Noon(5), Thousand, key: "crawler-key", account: "second");
        var answer = await finance.GetAsync($"/periods/{Month}/journal");
        Lines(answer).Should().Equal(
            "period,ledger_account,provider_account,team,project,kind,corrects_period,corrects_entry,entries,debit_usd,credit_usd",
            $"{Month},expense,main,search,ranking,settlement,,,2,0.0045,", $"{Month},expense,second,search,,settlement,,,1,0.00225,",
            $"{Month},payable,main,search,ranking,settlement,,,2,,0.0045", $"{Month},payable,second,search,,settlement,,,1,,0.00225");
    }

    [Theory]
    [InlineData(MemberRole.Auditor)]
    [InlineData(MemberRole.PlatformAdmin)]
    [InlineData(MemberRole.Manager)]
    public async Task Who_may_only_read_the_books_closes_nothing(MemberRole role)
    {
        await using var api = await StartAsync();
        var client = await api.ClientAsync(role, role == MemberRole.Manager ? ["team/search"] : []);
        (await client.PostAsync(Lock, Waived)).ProblemType.Should().Be("forbidden");
        (await client.PutAsync("/periods/rules", new { toleranceBasisPoints = 300 })).ProblemType.Should().Be("forbidden");
        foreach (var part in new[] { "", "/journal" })
            (await client.GetAsync($"/periods/{Month}{part}")).Status.Should().Be(role == MemberRole.Manager ? 404 : 200);
    }

    private static async Task AdjustAsync(ControlClient proposer, ControlClient approver, object body)
    {
        var proposed = await proposer.PostAsync("/ledger/adjustments", body);
        proposed.Status.Should().Be(201, proposed.Body);
        var decided = await approver.PostAsync($"/ledger/adjustments/{Text(proposed.Json, "id")}/approve", null, proposed.ETag);
        decided.Status.Should().Be(200, decided.Body);
    }

    private static async Task BillAsync(ControlClient client, params string[] lines)
    {
        var content = $"day,model,usd\n{string.Concat(lines.Select(l => $"{Month}-{l}\n"))}";
        var bill = new { account = "main", format = "csv", content, mapping = new { day = "day", model = "model", amount = "usd" } };
        (await client.PostAsync("/reconciliation/imports", bill)).Status.Should().Be(201);
    }

    private static async Task CompareAsync(ControlClient client) =>
        (await client.PostAsync("/reconciliation/runs", new { account = "main", month = Month })).Status.Should().Be(201);

    private static async Task<string> ExpenseAsync(ControlClient client) => Text((await client.GetAsync($"/periods/{Month}")).Json, "expenseUsd");

    private static string[] Lines(ControlAnswer file)
    {
        file.Status.Should().Be(200, file.Body);
        return file.Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(PastBooks.Company);
        return api;
    }
}

public sealed class SqlitePeriodTests() : PeriodContract(DatabaseEngine.Sqlite);

public sealed class PostgresPeriodTests() : PeriodContract(DatabaseEngine.Postgres);
