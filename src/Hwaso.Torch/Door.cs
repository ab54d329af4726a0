using Hwaso.Torch.Operators;

namespace Hwaso.Torch;

/// <summary>What the two doors know of their thread: the module being run, and who watches.</summary>
public static class Door
{
    [ThreadStatic]
    static List<string>? places;

    [ThreadStatic]
    internal static IDoorObserver? Observer;

    /// <summary>The path of the innermost module now running on this thread; empty outside modules.</summary>
    public static string CurrentPlace => places is { Count: > 0 } p ? p[^1] : "";

    /// <summary>Whether somebody watches this thread.</summary>
    public static bool IsObserved => Observer is not null;

    /// <summary>Shows everything that passes on this thread to <paramref name="observer"/> until the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">The thread is observed already.</exception>
    public static IDisposable Observe(IDoorObserver observer)
    {
        if (Observer is not null)
            throw new InvalidOperationException("this thread is recorded already; end that recording first");
        Observer = observer;
        return new Observation();
    }

    /// <summary>A module begins; called by the module door alone.</summary>
    public static void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs)
    {
        (places ??= []).Add(place);
        Observer?.Enter(place, kind, inputs);
    }

    /// <summary>A module ends; called by the module door alone.</summary>
    public static void Leave(string place, ReadOnlySpan<Tensor> outputs)
    {
        places!.RemoveAt(places.Count - 1);
        Observer?.Leave(place, outputs);
    }

    /// <summary>Runs an operator written in C#: who watches sees one call, its arguments and its result, and nothing of what it calls inside.</summary>
    /// <param name="operation">Made by <see cref="Operator.Managed"/>.</param>
    /// <param name="arguments">In the order of its signature.</param>
    /// <param name="body">The computation; what it makes besides its result is freed.</param>
    public static Tensor CallManaged(Operator operation, ReadOnlySpan<Value> arguments, Func<Tensor> body)
    {
        var observer = Observer;
        Observer = null;
        Tensor result;
        try
        {
            using var scope = new Scope();
            result = scope.Keep(body());
        }
        finally
        {
            Observer = observer;
        }
        observer?.Called(operation, arguments, [result]);
        return result;
    }

    sealed class Observation : IDisposable
    {
        public void Dispose() => Observer = null;
    }
}
