using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions of stride 2 with 25 products for 36, for one width of vectors.</summary>
abstract unsafe class HalvingKernels
{
    /// <summary>[N, Cout, H', W'] from the input and weights [Cout, Cin, 3, 3].</summary>
    public abstract void Outputs(in HalvingShape shape, float* input, float* weights, float* bias, float* output);

    /// <summary>[N, Cin, H, W] from gradients of the output.</summary>
    public abstract void InputGradient(in HalvingShape shape, float* gradient, float* weights, float* output);

    /// <summary>[Cout, Cin, 3, 3] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in HalvingShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static HalvingKernels Widest =>
        Vector512.IsHardwareAccelerated ? HalvingKernels<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? HalvingKernels<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? HalvingKernels<Lanes128, Vector128<float>>.Instance
        : HalvingKernels<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class HalvingKernels<TLanes, TVector> : HalvingKernels
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static HalvingKernels Instance { get; } = new HalvingKernels<TLanes, TVector>();

    public override void Outputs(in HalvingShape shape, float* input, float* weights, float* bias, float* output) =>
        Run(shape, back: false, input, weights, bias, output);

    public override void InputGradient(in HalvingShape shape, float* gradient, float* weights, float* output) =>
        Run(shape, back: true, gradient, weights, null, output);

    static void Run(in HalvingShape shape, bool back, float* input, float* weights, float* bias, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var filters = new HalvingFilters<TLanes, TVector>(shape, back);
        var factors = (float*)Tensor.Empty([filters.Numbers], ScalarType.Float32).Data();
        filters.Transform(weights, factors);
        var pass = new HalvingOutputs<TLanes, TVector>(shape, threads, filters, factors, bias, input, output);
        var work = (float*)Tensor.Empty([threads * pass.WorkNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (thread, k) => pass.Run(k, work + thread * pass.WorkNumbers));
    }

    public override void WeightGradient(in HalvingShape shape, float* input, float* gradient, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var pass = new HalvingWeights<TLanes, TVector>(shape, threads, input, gradient, output);
        pass.Sums = (float*)Tensor.Empty([pass.SumNumbers], ScalarType.Float32).Data();
        var work = (float*)Tensor.Empty([threads * pass.WorkNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (thread, k) => pass.Run(k, work + thread * pass.WorkNumbers));
        Workers.Run(threads, pass.Rows, (_, k) => pass.Finish(k));
    }
}
