using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>What a node does: one output from its inputs. Immutable; made when a model is loaded.</summary>
abstract record Operator
{
    /// <summary>The type of the output.</summary>
    /// <exception cref="ModelFormatException">The inputs do not fit it.</exception>
    public abstract TensorType Infer(Operands inputs);

    /// <summary>The computation for inputs and an output at known places.</summary>
    public abstract Kernel Bind(Binding binding);
}
