using Hwaso.Torch.Operators;

namespace Hwaso.Torch;

/// <summary>Answers operators in libtorch's place on its thread, such as by shapes alone.</summary>
public interface IStandIn
{
    /// <summary>The operator's only result; null lets the operator run. It may call operators itself: they run, and nobody sees them.</summary>
    Tensor? Answer(Operator operation, ReadOnlySpan<Value> arguments);
}
