using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>The addresses of a node's inputs and output, and what its kernel is built with.</summary>
/// <param name="operands">The types of the inputs, and those that are known.</param>
/// <param name="addresses">The addresses of the inputs; 0 for an omitted one.</param>
/// <param name="output">The output's type.</param>
/// <param name="result">The address of the output.</param>
/// <param name="kernels">The kernels of the chosen vectors.</param>
/// <param name="packed">Weights in the order in which kernels read them.</param>
/// <param name="threads">The number of threads that will share the work.</param>
sealed unsafe class Binding(
    Operands operands, nint[] addresses, TensorType output, nint result, KernelSet kernels, PackedWeights packed, int threads)
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
