using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// 3×3 convolutions of stride 1 with 16 products for 36: minimal filtering of 2×2 outputs (Lavin and Gray, CVPR 2016), for one width of
/// vectors. The gradient of the weights is the adjoint with the same transforms.
/// </summary>
abstract unsafe class MinimalPasses
{
    /// <summary>
    /// [N, Cout, H, W] from the input and weights [Cout, Cin, 3, 3]; or, on the way back, from weights [Cin, Cout, 3, 3], turned.
    /// </summary>
    public abstract void Outputs(in SameConvShape shape, float* input, float* weights, bool back, float* bias, float* output);

    /// <summary>[Cout, Cin, 3, 3] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in SameConvShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static MinimalPasses Widest =>
        Vector512.IsHardwareAccelerated ? MinimalPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? MinimalPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? MinimalPasses<Lanes128, Vector128<float>>.Instance
        : MinimalPasses<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class MinimalPasses<TLanes, TVector> : MinimalPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static MinimalPasses Instance { get; } = new MinimalPasses<TLanes, TVector>();

    public override void Outputs(in SameConvShape shape, float* input, float* weights, bool back, float* bias, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var filters = new MinimalFilters<TLanes, TVector>(shape);
        var factors = (float*)Tensor.Empty([filters.Numbers], ScalarType.Float32).Data();
        filters.Transform(weights, back, factors);
        var pass = new MinimalOutputs<TLanes, TVector>(shape, threads, filters, factors, bias, input, output);
        var work = (float*)Tensor.Empty([threads * pass.WorkNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (thread, k) => pass.Run(k, work + thread * pass.WorkNumbers));
    }

    public override void WeightGradient(in SameConvShape shape, float* input, float* gradient, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var pass = new MinimalWeights<TLanes, TVector>(shape, threads, input, gradient, output);
        pass.Sums = (float*)Tensor.Empty([pass.SumNumbers], ScalarType.Float32).Data();
        var work = (float*)Tensor.Empty([threads * pass.WorkNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (thread, k) => pass.Run(k, work + thread * pass.WorkNumbers));
        Workers.Run(threads, pass.Rows, (_, k) => pass.Finish(k));
    }
}
