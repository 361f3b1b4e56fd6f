using System.Collections.Concurrent;
using System.Data;
using Npgsql;
using Spendra.Control.Declarations;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Proof.Worlds;

/// <summary>
/// Changes what governs dora while servers, databases and connections die, by what <c>apply</c> and <c>keys</c> call: her cap is cut to
/// less than any call costs and raised again, her key is revoked and another one issued.
/// </summary>
internal sealed class Administrator
{
    public const string Budget = "dora-total";
    public const string Raised = "500";
    private const string Cut = "0.000001";
    private const string KeyLine = "rule key ";
    private const string FailureLine = "rule failed ";

    private static readonly ChangeAuthor Author = new("administrator", "proof");

    private readonly DatabaseTarget _target;
    private readonly string _masterKeyText;
    private readonly string _organization;
    private readonly Func<string, string> _declaration;
    private readonly Action<string>? _tell;
    private readonly ConcurrentDictionary<string, string> _secrets = new();
    private readonly List<string> _issued = [];
    private readonly Lock _gate = new();
    private Deputy? _deputy;
    private int _number;
    private bool _isCut;

    /// <param name="target">The database in which the rules are.</param>
    /// <param name="masterKeyText">Seals what is declared.</param>
    /// <param name="organization">Whose rules.</param>
    /// <param name="declaration">Makes the company's declaration from dora's cap.</param>
    /// <param name="tell">Told of all that is done, for an administrator of another process who follows (<see cref="Follow"/>).</param>
    public Administrator(
        DatabaseTarget target, string masterKeyText, string organization, Func<string, string> declaration, Action<string>? tell = null)
    {
        (_target, _masterKeyText, _organization, _declaration, _tell) = (target, masterKeyText, organization, declaration, tell);
        Book = new RuleBook(tell);
    }

    public RuleBook Book { get; }

    /// <summary>The key that was issued last, and the one before it: that has been revoked, or was to be.</summary>
    public IReadOnlyList<string> LastKeys
    {
        get
        {
            lock (_gate) return [.. _issued.TakeLast(2)];
        }
    }

    /// <summary>Where another one goes on.</summary>
    public AdministratorState State
    {
        get
        {
            lock (_gate) return new AdministratorState(_number, _isCut, _issued[^1]);
        }
    }

    public string SecretOf(string key) => _secrets[key];

    /// <summary>The key that was issued last or, at times, the one before it.</summary>
    public string DrawKey()
    {
        Hear();
        lock (_gate) return _issued[^(Random.Shared.Next(3) == 0 ? Math.Min(2, _issued.Count) : 1)];
    }

    /// <summary>Dora's first key; her cap is as declared.</summary>
    public async Task BeginAsync()
    {
        await using var database = Database.Open(_target);
        Book.End(Book.Begin(Budget, permits: true), isKnown: true);
        await IssueAsync(database);
    }

    /// <summary>Goes on where another one stands.</summary>
    public void GoOn(AdministratorState state)
    {
        lock (_gate)
        {
            (_number, _isCut) = (state.Number, state.IsCut);
            _issued.Add(state.LastKey);
        }
    }

    /// <summary>From now on the changes are made in another process, of which the lines tell; what went before is heard to its end.</summary>
    /// <param name="lines">All that the process has said so far.</param>
    /// <param name="found">Told of what must not happen.</param>
    public void Follow(Func<IReadOnlyList<string>> lines, Action<string> found)
    {
        Hear();
        lock (_gate) _deputy = new Deputy(lines, found);
    }

    /// <summary>The process that was followed has ended.</summary>
    public void Unfollow()
    {
        Hear();
        lock (_gate)
        {
            // Without one, this process makes the changes, and one of them may be under way.
            if (_deputy is null) return;
            _deputy = null;
        }
        Book.LeaveOpen();
    }

    private void Hear()
    {
        lock (_gate)
        {
            if (_deputy is not { } deputy) return;
            foreach (var line in deputy.NewLines())
            {
                if (line.Split(' ') is ["rule", "key", var slug, var secret, "."])
                {
                    _secrets[slug] = secret;
                    _issued.Add(slug);
                }
                else if (line.StartsWith(FailureLine, StringComparison.Ordinal)) deputy.Found(line);
                else if (Book.Hear(line) is { } begun) Remember(begun);
            }
        }
    }

    private void Remember(RuleBook.Change begun)
    {
        if (begun.Subject == Budget) _isCut = !begun.Permits;
        else if (begun.Permits) _number++;
    }

    /// <summary>One change after the other, until disposed.</summary>
    /// <param name="found">Told of what must not happen.</param>
    public IAsyncDisposable ChangeOn(Action<string> found) => new RuleChanges(this, failure =>
    {
        found(failure);
        _tell?.Invoke(FailureLine + failure.ReplaceLineEndings(" "));
    });

    /// <summary>One change: of the cap, or of the key.</summary>
    public async Task ChangeAsync()
    {
        await using var database = Database.Open(_target);
        if (Random.Shared.Next(2) == 0) await MoveCapAsync(database);
        else await RotateAsync(database);
    }

    private async Task MoveCapAsync(Database database)
    {
        _isCut = !_isCut;
        await DoAsync(Book.Begin(Budget, permits: !_isCut), async () =>
        {
            var masterKey = await MasterKeyStore.LoadAsync(database, _target, _masterKeyText, CancellationToken.None);
            var outcome = await Declarations.ApplyAsync(
                database, masterKey, _declaration(_isCut ? Cut : Raised), "acme.yaml", new DeclarationOptions(), Author, TimeProvider.System, CancellationToken.None);
            if (outcome is ApplyOutcome.Refused refused) throw new InvalidOperationException(string.Join("; ", refused.Errors.Select(e => e.Message)));
        });
    }

    private async Task RotateAsync(Database database)
    {
        string last;
        lock (_gate) last = _issued[^1];
        await DoAsync(Book.Begin(last, permits: false), async () => Must(await KeyIssuer.RevokeAsync(database, _organization, last, Author, CancellationToken.None)));
        await IssueAsync(database);
    }

    private async Task IssueAsync(Database database)
    {
        var slug = $"dora-{++_number}";
        await DoAsync(Book.Begin(slug, permits: true), async () =>
        {
            var masterKey = await MasterKeyStore.LoadAsync(database, _target, _masterKeyText, CancellationToken.None);
            var request = new KeyRequest { Slug = slug, Mode = KeyMode.Live, Actor = "employee/dora" };
            _secrets[slug] = Must(await KeyIssuer.CreateAsync(database, masterKey, _organization, request, Author, CancellationToken.None)).Secret;
            lock (_gate) _issued.Add(slug);
            _tell?.Invoke($"{KeyLine}{slug} {_secrets[slug]} .");
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

    /// <summary>The connection ended, or was ended from the other side, in the middle of a change; or it leads to a server that is no primary any more.</summary>
    internal static bool IsLost(Exception e) => e switch
    {
        // In the words of the library that reads rows.
        DataException { InnerException: { } inner } => IsLost(inner),
        PostgresException { SqlState: ['5', '7', ..] or ['0', '8', ..] or PostgresErrorCodes.ReadOnlySqlTransaction } => true,
        _ => e is NpgsqlException { SqlState: null },
    };

    private static T Must<T>(KeyOutcome<T> outcome) where T : class =>
        outcome.Value ?? throw new InvalidOperationException($"the administrator was refused: {outcome.Refusal!.Message}");

    /// <summary>An administrator of another process, as far as it has been heard.</summary>
    private sealed class Deputy(Func<IReadOnlyList<string>> lines, Action<string> found)
    {
        private int _heard;

        public Action<string> Found => found;

        public IEnumerable<string> NewLines()
        {
            var all = lines();
            for (; _heard < all.Count; _heard++) yield return all[_heard];
        }
    }
}

/// <param name="Number">Of the key that was issued last.</param>
/// <param name="IsCut">Whether dora's cap is cut.</param>
/// <param name="LastKey">The slug of the key that is in force.</param>
internal sealed record AdministratorState(int Number, bool IsCut, string LastKey);
