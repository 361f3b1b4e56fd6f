using System.Collections.Concurrent;
using Npgsql;
using Spendra.Control.Declarations;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Proof.Kills;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Proof.Worlds;

/// <summary>
/// Changes what governs dora while servers and databases die, by what <c>apply</c> and <c>keys</c> call: her cap is cut to
/// less than any call costs and raised again, her key is revoked and another one issued.
/// </summary>
internal sealed class Administrator(DatabaseTarget target, string masterKeyText, string organization, Func<string, string> declaration)
{
    public const string Budget = "dora-total";
    public const string Raised = "500";
    private const string Cut = "0.000001";

    private static readonly ChangeAuthor Author = new("administrator", "proof");

    private readonly ConcurrentDictionary<string, string> _secrets = new();
    private readonly List<string> _issued = [];
    private readonly Lock _gate = new();
    private int _number;
    private bool _isCut;

    public RuleBook Book { get; } = new();

    public string SecretOf(string key) => _secrets[key];

    /// <summary>The key that was issued last, or the one before it: that has been revoked.</summary>
    public string DrawKey()
    {
        lock (_gate) return _issued[^(Random.Shared.Next(3) == 0 ? Math.Min(2, _issued.Count) : 1)];
    }

    /// <summary>Dora's first key; her cap is as declared.</summary>
    public async Task BeginAsync()
    {
        await using var database = Database.Open(target);
        Book.End(Book.Begin(Budget, permits: true), isKnown: true);
        await IssueAsync(database);
    }

    /// <summary>One change after the other, until disposed.</summary>
    public IAsyncDisposable ChangeOn(Tally? tally) => new Changes(this, tally);

    /// <summary>One change: of the cap, or of the key.</summary>
    public async Task ChangeAsync()
    {
        await using var database = Database.Open(target);
        if (Random.Shared.Next(2) == 0) await MoveCapAsync(database);
        else await RotateAsync(database);
    }

    private async Task MoveCapAsync(Database database)
    {
        _isCut = !_isCut;
        await DoAsync(Book.Begin(Budget, permits: !_isCut), async () =>
        {
            var masterKey = await MasterKeyStore.LoadAsync(database, target, masterKeyText, CancellationToken.None);
            var outcome = await Declarations.ApplyAsync(
                database, masterKey, declaration(_isCut ? Cut : Raised), "acme.yaml", new DeclarationOptions(), Author, TimeProvider.System, CancellationToken.None);
            if (outcome is ApplyOutcome.Refused refused) throw new InvalidOperationException(string.Join("; ", refused.Errors.Select(e => e.Message)));
        });
    }

    private async Task RotateAsync(Database database)
    {
        string last;
        lock (_gate) last = _issued[^1];
        await DoAsync(Book.Begin(last, permits: false), async () => Must(await KeyIssuer.RevokeAsync(database, organization, last, Author, CancellationToken.None)));
        await IssueAsync(database);
    }

    private async Task IssueAsync(Database database)
    {
        var slug = $"dora-{++_number}";
        await DoAsync(Book.Begin(slug, permits: true), async () =>
        {
            var masterKey = await MasterKeyStore.LoadAsync(database, target, masterKeyText, CancellationToken.None);
            var request = new KeyRequest { Slug = slug, Mode = KeyMode.Live, Actor = "employee/dora" };
            _secrets[slug] = Must(await KeyIssuer.CreateAsync(database, masterKey, organization, request, Author, CancellationToken.None)).Secret;
            lock (_gate) _issued.Add(slug);
        });
    }

    private async Task DoAsync(RuleBook.Change change, Func<Task> action)
    {
        var isKnown = false;
        try
        {
            await action();
            isKnown = true;
        }
        catch (Exception e) when (e is DatabaseUnavailableException || IsLost(e))
        {
            // The database has gone: whether the change stands, only a later one will tell.
        }
        finally
        {
            Book.End(change, isKnown);
        }
    }

    /// <summary>The connection ended, or was ended from the other side, in the middle of a change.</summary>
    private static bool IsLost(Exception e) => e is PostgresException { SqlState: ['5', '7', ..] or ['0', '8', ..] } or NpgsqlException { SqlState: null };

    private static T Must<T>(KeyOutcome<T> outcome) where T : class =>
        outcome.Value ?? throw new InvalidOperationException($"the administrator was refused: {outcome.Refusal!.Message}");

    private sealed class Changes : IAsyncDisposable
    {
        private const int LongestPauseMs = 400;

        private readonly CancellationTokenSource _stop = new();
        private readonly Task _changing;
        private readonly Administrator _administrator;
        private readonly Tally? _tally;

        public Changes(Administrator administrator, Tally? tally)
        {
            (_administrator, _tally) = (administrator, tally);
            _changing = Task.Run(ChangeAsync);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _changing;
            _stop.Dispose();
            _tally?.RulesChanged(_administrator.Book);
        }

        private async Task ChangeAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    await _administrator.ChangeAsync();
                    await Task.Delay(Random.Shared.Next(LongestPauseMs), _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                catch (Exception e)
                {
                    // Anything that the administrator's path does not foresee.
                    _tally?.Found($"a change of the rules failed: {e}");
                    return;
                }
            }
        }
    }
}
