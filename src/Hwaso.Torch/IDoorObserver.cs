using Hwaso.Torch.Operators;

namespace Hwaso.Torch;

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
