using System.Reflection;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.Kills;

/// <summary>Stands in front of one seam and passes a point before and after every call.</summary>
// The runtime derives the proxy from it, so it can be neither sealed nor abstract.
#pragma warning disable CA1852
internal class PointProxy<T> : DispatchProxy where T : class
#pragma warning restore CA1852
{
    private static readonly MethodInfo AwaitResult =
        typeof(PointProxy<T>).GetMethod(nameof(AfterResultAsync), BindingFlags.NonPublic | BindingFlags.Instance)!;

    private T _inner = null!;
    private Trigger _trigger = null!;
    // What the lane's transaction holds: its commands are known when it begins, its notes when it commits.
    private string[] _commands = [];

    public static T Wrap(T inner, Trigger trigger)
    {
        var wrapped = Create<T, PointProxy<T>>();
        var proxy = (PointProxy<T>)(object)wrapped;
        proxy._inner = inner;
        proxy._trigger = trigger;
        return wrapped;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var names = NamesOf(targetMethod!, args ?? []);
        Pass(names, Points.Before);
        var result = targetMethod!.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        var type = targetMethod.ReturnType;
        if (type == typeof(ValueTask)) return new ValueTask(AfterAsync(((ValueTask)result!).AsTask(), names));
        if (type == typeof(Task)) return AfterAsync((Task)result!, names);
        if (typeof(Task).IsAssignableFrom(type))
            return AwaitResult.MakeGenericMethod(type.GetGenericArguments()).Invoke(this, [result, names]);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            throw new NotSupportedException($"{targetMethod} returns a ValueTask with a result: teach the proxy to await it");
        Pass(names, Points.After);
        return result;
    }

    private async Task AfterAsync(Task call, string[] names)
    {
        await call;
        Pass(names, Points.After);
    }

    private async Task<TResult> AfterResultAsync<TResult>(Task<TResult> call, string[] names)
    {
        var result = await call;
        Pass(names, Points.After);
        return result;
    }

    private void Pass(string[] names, string side)
    {
        foreach (var name in names) _trigger.Pass(name, side);
    }

    private string[] NamesOf(MethodInfo method, object?[] args)
    {
        var name = Points.NameOf(method);
        if (args is [IReadOnlyList<LedgerCommand> commands, ..])
        {
            _commands = [.. commands.Select(c => c.GetType().Name).Distinct()];
            return [name, .. _commands.Select(k => $"{name}({k})")];
        }
        if (args is [LedgerWrites, LaneNotes notes])
        {
            var noted = typeof(LaneNotes).GetProperties().Where(p => p.GetValue(notes) is System.Collections.IList { Count: > 0 });
            return [name, .. _commands.Select(k => $"{name}({k})"), .. noted.Select(p => $"{name}({p.Name})")];
        }
        return [name];
    }
}
