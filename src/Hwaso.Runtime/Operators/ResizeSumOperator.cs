using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>The sum of several resized tensors, made at once: four inputs for each (see <see cref="ResizeOperator"/>), then the addend.</summary>
/// <param name="Parts">How each is resized.</param>
/// <param name="Epilogue">What was fused to its end.</param>
sealed unsafe record ResizeSumOperator(IReadOnlyList<ResizeOperator> Parts, Epilogue Epilogue) : Operator, IEpilogue
{
    /// <summary>Inputs of a part.</summary>
    public const int PartInputs = 4;

    public int AddendInput => PartInputs * Parts.Count;

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    public override TensorType Infer(Operands inputs) => Parts[0].Infer(inputs.Slice(0, PartInputs));

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        var sources = Parts.Select((part, k) => part.Source(binding.Operands.Slice(PartInputs * k, PartInputs), binding.In(PartInputs * k))).ToArray();
        return binding.Kernels.Resize(shape[0] * shape[1], sources, Epilogue.Adds ? binding.In(AddendInput) : null, Epilogue.Function, binding.Out, binding.Threads);
    }
}
