using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The module door: everything a module computes passes <see cref="Call"/>, which names the place, opens a scope and shows it to a recorder.</summary>
/// <typeparam name="TIn">A tensor, an array of tensors, or a type of <see cref="ITensors"/>.</typeparam>
/// <typeparam name="TOut">Likewise; what survives of the forward.</typeparam>
public abstract class Net<TIn, TOut>(Weights weights) : Module(weights)
{
    /// <summary>Runs the module. What <see cref="Forward"/> returns survives, everything else it made is freed.</summary>
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
