namespace Hwaso.Torch;

/// <summary>The state of the two doors on this thread: the running module, the observer and the stand-in.</summary>
public static class Door
{
    [ThreadStatic]
    static List<string>? places;

    [ThreadStatic]
    internal static IDoorObserver? Observer;

    [ThreadStatic]
    internal static IStandIn? StandIn;

    /// <summary>The path of the innermost module now running on this thread; empty outside modules.</summary>
    public static string CurrentPlace => places is { Count: > 0 } p ? p[^1] : "";

    /// <summary>Whether an observer is set on this thread.</summary>
    public static bool IsObserved => Observer is not null;

    /// <summary>Whether neither an observer nor a stand-in is set on this thread.</summary>
    internal static bool IsPlain => Observer is null && StandIn is null;

    /// <summary>Shows everything that passes on this thread to <paramref name="observer"/> until the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">The thread is observed already.</exception>
    public static IDisposable Observe(IDoorObserver observer)
    {
        if (Observer is not null)
            throw new InvalidOperationException("this thread is recorded already; end that recording first");
        Observer = observer;
        return new Observation();
    }

    /// <summary>
    /// Lets <paramref name="standIn"/> answer operators on this thread, in place of libtorch, until the result is disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another one does already.</exception>
    public static IDisposable Replace(IStandIn standIn)
    {
        if (StandIn is not null)
            throw new InvalidOperationException("another stand-in answers this thread's operators already; end that one first");
        StandIn = standIn;
        return new Replacement();
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

    /// <summary>
    /// Runs an operator written in C#: the observer sees one call, its arguments and its result, and none of the calls inside.
    /// </summary>
    /// <param name="operation">Made by <see cref="Operator.Managed"/>.</param>
    /// <param name="arguments">In the order of its signature.</param>
    /// <param name="body">The computation; every tensor that it makes besides its result is freed.</param>
    public static Tensor CallManaged(Operator operation, ReadOnlySpan<Value> arguments, Func<Tensor> body)
    {
        if (StandIn is not null && Replaced(operation, arguments) is { Kind: not ValueKind.None } answer)
            return answer.AsTensor();
        var (observer, standIn) = (Observer, StandIn);
        (Observer, StandIn) = (null, null);
        Tensor result;
        try
        {
            using var scope = new Scope();
            result = scope.Keep(body());
        }
        finally
        {
            (Observer, StandIn) = (observer, standIn);
        }
        observer?.Called(operation, arguments, [result]);
        return result;
    }

    /// <summary>The stand-in's answer, reported to the observer; none where the operator must run.</summary>
    internal static Value Replaced(Operator operation, ReadOnlySpan<Value> arguments)
    {
        // The stand-in's own calls go to libtorch, unobserved.
        var (observer, standIn) = (Observer, StandIn);
        (Observer, StandIn) = (null, null);
        Value answer;
        try
        {
            answer = standIn!.Answer(operation, arguments);
        }
        finally
        {
            (Observer, StandIn) = (observer, standIn);
        }
        if (answer.Kind != ValueKind.None)
            observer?.Called(operation, arguments, [answer]);
        return answer;
    }

    sealed class Replacement : IDisposable
    {
        public void Dispose() => StandIn = null;
    }

    sealed class Observation : IDisposable
    {
        public void Dispose() => Observer = null;
    }
}

/// <summary>Sees everything that passes the two doors on its thread: operators, and the modules they are called in.</summary>
public interface IDoorObserver
{
    /// <summary>A module begins its forward.</summary>
    void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs);

    /// <summary>A module has ended its forward.</summary>
    void Leave(string place, ReadOnlySpan<Tensor> outputs);

    /// <summary>An operator has run.</summary>
    void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results);
}

/// <summary>Answers operators in libtorch's place on its thread, such as by shapes alone.</summary>
public interface IStandIn
{
    /// <summary>
    /// The operator's only result, a tensor or a list of tensors; <see cref="Value.None"/> lets the operator run. Operators that it calls
    /// itself run, unobserved.
    /// </summary>
    Value Answer(Operator operation, ReadOnlySpan<Value> arguments);
}
