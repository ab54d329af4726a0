using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A 1×1 convolution of stride 1 in one group.</summary>
/// <param name="Images">N.</param>
/// <param name="Cin">Input channels.</param>
/// <param name="Cout">Output channels.</param>
/// <param name="Pixels">Pixels of a plane.</param>
readonly record struct PointShape(int Images, int Cin, int Cout, int Pixels)
{
    public long MultiplyAdds => (long)Images * Cin * Cout * Pixels;

    /// <summary>The convolution that takes the output's gradient to the input's.</summary>
    public PointShape Backward() => this with { Cin = Cout, Cout = Cin };
}

/// <summary>1×1 convolutions for one width of vectors.</summary>
abstract unsafe class PointKernels
{
    /// <summary>[N, Cout, P] from the input and weights [Cout, Cin]; or, on the way back, from weights [Cin, Cout].</summary>
    public abstract void Outputs(in PointShape shape, float* input, float* weights, bool back, float* bias, float* output);

    /// <summary>[Cout, Cin] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in PointShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static PointKernels Widest =>
        Vector512.IsHardwareAccelerated ? PointKernels<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? PointKernels<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? PointKernels<Lanes128, Vector128<float>>.Instance
        : PointKernels<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class PointKernels<TLanes, TVector> : PointKernels
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static PointKernels Instance { get; } = new PointKernels<TLanes, TVector>();

    public override void Outputs(in PointShape shape, float* input, float* weights, bool back, float* bias, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var pass = new PointOutputs<TLanes, TVector>(shape, threads, input, output);
        pass.Factors = (float*)Tensor.Empty([pass.FactorNumbers], ScalarType.Float32).Data();
        pass.Copy(weights, back, bias);
        Workers.Run(threads, pass.Pieces, (_, k) => pass.Run(k, Scratch.Of(pass.WorkNumbers)));
    }

    public override void WeightGradient(in PointShape shape, float* input, float* gradient, float* output)
    {
        var threads = Workers.For(shape.MultiplyAdds);
        WeightSums.Compute(threads, WidePointWeights<TLanes, TVector>.Takes(shape)
            ? new WidePointWeights<TLanes, TVector>(shape, threads, input, gradient, output)
            : new PointWeights<TLanes, TVector>(shape, threads, input, gradient, output));
    }
}
