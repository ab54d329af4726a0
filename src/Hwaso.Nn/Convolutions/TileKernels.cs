using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// 3×3 convolutions of stride 1 and 2, padded by 1, with fewer products than sums have terms, for one width of vectors:
/// <see cref="MinimalTiling{TLanes, TVector}"/> and <see cref="HalvingTiling{TLanes, TVector}"/>.
/// </summary>
abstract unsafe class TileKernels
{
    /// <summary>[N, Cout, H', W'] from the input and weights [Cout, Cin, 3, 3].</summary>
    public abstract void Outputs(in TileShape shape, float* input, float* weights, float* bias, float* output);

    /// <summary>[N, Cin, H, W] from gradients of the output.</summary>
    public abstract void InputGradient(in TileShape shape, float* gradient, float* weights, float* output);

    /// <summary>[Cout, Cin, 3, 3] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in TileShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static TileKernels Widest =>
        Vector512.IsHardwareAccelerated ? TileKernels<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? TileKernels<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? TileKernels<Lanes128, Vector128<float>>.Instance
        : TileKernels<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class TileKernels<TLanes, TVector> : TileKernels
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static TileKernels Instance { get; } = new TileKernels<TLanes, TVector>();

    public override void Outputs(in TileShape shape, float* input, float* weights, float* bias, float* output)
    {
        if (shape.Stride == 1)
            Run<MinimalTiling<TLanes, TVector>>(shape, back: false, input, weights, bias, output);
        else
            Run<HalvingTiling<TLanes, TVector>>(shape, back: false, input, weights, bias, output);
    }

    public override void InputGradient(in TileShape shape, float* gradient, float* weights, float* output)
    {
        if (shape.Stride == 1)
            Run<MinimalTiling<TLanes, TVector>>(shape, back: true, gradient, weights, null, output);
        else
            Run<HalvingBackTiling<TLanes, TVector>>(shape, back: true, gradient, weights, null, output);
    }

    public override void WeightGradient(in TileShape shape, float* input, float* gradient, float* output)
    {
        if (shape.Stride == 1)
            Weights<MinimalTiling<TLanes, TVector>>(shape, input, gradient, output);
        else
            Weights<HalvingTiling<TLanes, TVector>>(shape, input, gradient, output);
    }

    static void Run<TTiling>(in TileShape shape, bool back, float* input, float* weights, float* bias, float* output)
        where TTiling : struct, ITiling<TLanes, TVector>
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var filters = new TileFilters<TTiling, TLanes, TVector>(shape, back);
        var factors = (float*)Tensor.Empty([filters.Numbers], ScalarType.Float32).Data();
        filters.Transform(weights, factors);
        var pass = new TileOutputs<TTiling, TLanes, TVector>(shape, threads, filters, factors, bias, input, output);
        Workers.Run(threads, pass.Pieces, (_, k) => pass.Run(k, Scratch.Of(pass.WorkNumbers)));
    }

    static void Weights<TTiling>(in TileShape shape, float* input, float* gradient, float* output)
        where TTiling : struct, IWeightTiling<TLanes, TVector>
    {
        var threads = Workers.For(shape.MultiplyAdds);
        WeightSums.Compute(threads, WideTileWeights<TTiling, TLanes, TVector>.Takes(shape)
            ? new WideTileWeights<TTiling, TLanes, TVector>(shape, threads, input, gradient, output)
            : new TileWeights<TTiling, TLanes, TVector>(shape, threads, input, gradient, output));
    }
}
