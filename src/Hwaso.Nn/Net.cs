using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// The module door: everything a module computes passes <see cref="Call"/>, which names the place, opens a scope and shows it to a
/// recorder.
/// </summary>
/// <typeparam name="TIn">A tensor, an array of tensors, or a type of <see cref="ITensors"/>.</typeparam>
/// <typeparam name="TOut">Likewise; its tensors survive the forward.</typeparam>
public abstract class Net<TIn, TOut>(Weights weights) : Module(weights)
{
    /// <summary>Runs the module. The tensors that <see cref="Forward"/> returns survive, every other one that it made is freed.</summary>
    /// <exception cref="TorchException">An operator refused; the message names the innermost place.</exception>
    public TOut Call(TIn input)
    {
        var observed = Door.IsObserved;
        Door.Enter(Path, observed ? GetType().Name : "", observed ? Tensors.Of(input) : []);
        TOut? output = default;
        try
        {
            using var scope = new Scope();
            output = Forward(input);
            Tensors.Keep(scope, output);
            return output;
        }
        finally
        {
            Door.Leave(Path, observed && output is not null ? Tensors.Of(output) : []);
        }
    }

    /// <summary>The computation itself.</summary>
    protected abstract TOut Forward(TIn input);
}

/// <summary>A module from one tensor to one tensor.</summary>
public abstract class Net(Weights weights) : Net<Tensor, Tensor>(weights);

/// <summary>Lets data flow left to right: <c>x.Apply(conv1).Apply(bn1).Relu()</c>.</summary>
public static class NetExtensions
{
    /// <summary>Runs a module on a value.</summary>
    public static TOut Apply<TIn, TOut>(this TIn input, Net<TIn, TOut> net) => net.Call(input);
}

/// <summary>A result made of several tensors, so that the module door can keep and show them.</summary>
public interface ITensors
{
    /// <summary>The tensors it holds.</summary>
    IEnumerable<Tensor> All { get; }
}

/// <summary>A network that answers with several tensors, none of which may be left out where it is recorded, counted or exported.</summary>
public interface ISeveralAnswers
{
    /// <summary>All of them, in a fixed order.</summary>
    /// <param name="image">The network's input.</param>
    Tensor[] Answers(Tensor image);
}

/// <summary>Finds the tensors in inputs and outputs of modules.</summary>
static class Tensors
{
    public static Tensor[] Of<T>(T value) => value switch
    {
        Tensor tensor => [tensor],
        Tensor[] tensors => tensors,
        ITensors several => several.All.ToArray(),
        _ => throw new NotSupportedException($"a module takes and returns tensors, arrays of them or ITensors, not {typeof(T).Name}"),
    };

    public static void Keep<T>(Scope scope, T value)
    {
        switch (value)
        {
            case Tensor tensor:
                scope.Keep(tensor);
                break;
            case Tensor[] tensors:
                scope.Keep(tensors);
                break;
            default:
                scope.Keep(Of(value));
                break;
        }
    }
}
