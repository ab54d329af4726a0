using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>Where a node's inputs and output lie, and what to compute with.</summary>
/// <param name="operands">What is known of the inputs.</param>
/// <param name="addresses">Where they lie; null where one is left out.</param>
/// <param name="output">The output's type.</param>
/// <param name="result">Where it goes.</param>
/// <param name="kernels">Kernels of the widest vectors there are.</param>
/// <param name="packed">Weights in the kernels' order, made once.</param>
/// <param name="threads">How many threads will share the work.</param>
sealed unsafe class Binding(Operands operands, nint[] addresses, TensorType output, nint result, KernelSet kernels, PackedWeights packed, int threads)
{
    public Operands Operands => operands;

    public TensorType Output => output;

    public KernelSet Kernels => kernels;

    public PackedWeights Packed => packed;

    public int Threads => threads;

    public float* In(int input) => operands.Has(input) ? (float*)addresses[input] : null;

    public byte* Bytes(int input) => (byte*)addresses[input];

    public float* Out => (float*)result;

    public byte* OutBytes => (byte*)result;
}
