using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>An operator that computes sizes and indices when a model is planned.</summary>
interface IFolding
{
    /// <summary>The output if it is known without running the model, else null.</summary>
    Constant? Fold(Operands inputs, TensorType output);
}
