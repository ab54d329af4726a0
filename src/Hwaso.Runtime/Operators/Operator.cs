using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

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

/// <summary>An operator that can add another tensor to what it computes and apply a function, before it writes.</summary>
interface IEpilogue
{
    /// <summary>What it does at the end.</summary>
    Epilogue Epilogue { get; }

    /// <summary>The input to add, where one is added.</summary>
    int AddendInput { get; }

    /// <summary>The same operator with another end.</summary>
    Operator With(Epilogue epilogue);
}

/// <summary>An operator that computes sizes and indices when a model is planned.</summary>
interface IFolding
{
    /// <summary>The output if it is known without running the model, else null.</summary>
    Constant? Fold(Operands inputs, TensorType output);
}

/// <summary>An operator whose output is its first input's numbers, as they lie in memory.</summary>
interface IView
{
    /// <summary>Whether it is for these types: a conversion is a view only if nothing is converted.</summary>
    bool IsView(Operands inputs);
}
