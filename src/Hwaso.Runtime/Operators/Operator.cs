using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>Computes one output from inputs. Immutable; created when a model is loaded.</summary>
abstract record Operator
{
    /// <summary>The type of the output.</summary>
    /// <exception cref="ModelFormatException">The inputs do not fit the operator.</exception>
    public abstract TensorType Infer(Operands inputs);

    /// <summary>The kernel for an output and inputs at fixed addresses.</summary>
    public abstract Kernel Bind(Binding binding);
}

/// <summary>An operator that can add another tensor to its result and apply a function before it writes.</summary>
interface IEpilogue
{
    /// <summary>What it does before it writes.</summary>
    Epilogue Epilogue { get; }

    /// <summary>The number of the input to add, if one is added.</summary>
    int AddendInput { get; }

    /// <summary>The same operator with another epilogue.</summary>
    Operator With(Epilogue epilogue);
}

/// <summary>An operator on sizes and indices, which can be computed at planning.</summary>
interface IFolding
{
    /// <summary>The output if it can be computed at planning, else null.</summary>
    Constant? Fold(Operands inputs, TensorType output);
}

/// <summary>An operator whose output has the bytes of its first input.</summary>
interface IView
{
    /// <summary>Whether the output has those bytes for these types: only a cast that converts nothing is a view.</summary>
    bool IsView(Operands inputs);
}
