using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// Products of matrices. Where a training's own kernels are on, libtorch computes them in pieces that follow from the sizes alone, each on
/// one thread, so that bits do not depend on threads.
/// </summary>
public static class Products
{
    static readonly Operator matmul = new("aten::matmul"), linear = new("aten::linear");

    /// <summary>The matrix product, batched over leading dimensions: [..., M, K] and [..., K, N] to [..., M, N].</summary>
    /// <param name="a">The left matrices.</param>
    /// <param name="b">The right ones.</param>
    public static Tensor Times(this Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.Dimensions >= 3 && Takes(a, b) && a.Shape.AsSpan()[..^2].SequenceEqual(b.Shape.AsSpan()[..^2])
            ? Door.CallManaged(matmul, [a, b], () => new BatchProduct().Apply(a, b)[0])
            : a.MatMul(b);
    }

    /// <summary>x · Wᵀ + b over the last dimension, [..., In] to [..., Out].</summary>
    /// <param name="x">The input.</param>
    /// <param name="weight">W, [Out, In].</param>
    /// <param name="bias">b, [Out]; null for none.</param>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        return x.Dimensions >= 2 && Takes(x, weight)
            ? Door.CallManaged(linear, [x, weight, bias],
                () => new LinearProduct().Apply(bias is null ? [x, weight] : [x, weight, bias])[0])
            : Aten.Linear(x, weight, bias);
    }

    static bool Takes(Tensor a, Tensor b) =>
        OwnKernels.AreOn && NoGrad.IsFollowing && a.Device.Type == DeviceType.Cpu && a.Type == ScalarType.Float32
        && b.Type == ScalarType.Float32 && a.Elements > 0 && b.Elements > 0 && Autocast.TypeOn(a.Device) is null;
}

/// <summary>[..., M, K] and [..., K, N].</summary>
sealed class BatchProduct : Function
{
    Tensor? left, right;

    public override string Name => "matmul";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var (a, b) = (inputs[0], inputs[1]);
        (left, right) = (Save(Matrices(a)), Save(Matrices(b)));
        return [DividedProduct.Of(left, right).Reshape([.. a.Shape[..^1], b.Size(-1)])];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        if (gradients[0] is not { } gradient)
            return [null, null];
        var g = Matrices(gradient);
        long[] batch = gradient.Shape[..^2];
        return
        [
            NeedsGradient[0] ? DividedProduct.Of(g, right!.Transpose(1, 2)).Reshape([.. batch, left!.Size(1), left.Size(2)]) : null,
            NeedsGradient[1] ? DividedProduct.Of(left!.Transpose(1, 2), g).Reshape([.. batch, right!.Size(1), right.Size(2)]) : null,
        ];
    }

    static Tensor Matrices(Tensor x) => x.Reshape(-1, x.Size(-2), x.Size(-1));
}

/// <summary>Of input, weight and bias.</summary>
sealed class LinearProduct : Function
{
    Tensor? input, weight;

    public override string Name => "linear";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var (x, w) = (inputs[0], inputs[1]);
        (input, weight) = (Save(x.Reshape(-1, x.Size(-1)).Unsqueeze(0)), Save(w.Unsqueeze(0)));
        var result = DividedProduct.Of(input, weight.Transpose(1, 2));
        if (inputs.Length > 2)
            Aten.Add_(result, inputs[2]);
        return [result.Reshape([.. x.Shape[..^1], w.Size(0)])];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var results = new Tensor?[NeedsGradient.Count];
        if (gradients[0] is not { } gradient)
            return results;
        var g = gradient.Reshape(-1, gradient.Size(-1)).Unsqueeze(0);
        if (NeedsGradient[0])
            results[0] = DividedProduct.Of(g, weight!).Reshape([.. gradient.Shape[..^1], weight!.Size(2)]);
        if (NeedsGradient[1])
            results[1] = DividedProduct.Of(g.Transpose(1, 2), input!).Squeeze(0);
        if (results.Length > 2 && NeedsGradient[2])
            results[2] = Aten.Sum(g, [0, 1]);
        return results;
    }
}

/// <summary>Products of B pairs of matrices, in pieces.</summary>
static class DividedProduct
{
    // Smaller ones take less time than it takes to divide them. Rows or columns of a piece.
    const long FewestMultiplyAdds = 1 << 20, FewestLines = 64;
    const int MostPieces = 8;

    static readonly Operator into = new("aten::bmm.out");

    /// <summary>[B, M, N] of [B, M, K] and [B, K, N].</summary>
    public static Tensor Of(Tensor a, Tensor b)
    {
        var (batch, rows, columns) = (a.Size(0), a.Size(1), b.Size(2));
        var output = Tensor.Empty([batch, rows, columns], ScalarType.Float32);
        var (dimension, count, fewest) = batch > 1 ? (0, batch, 1) : rows >= columns ? (1, rows, FewestLines) : (2, columns, FewestLines);
        var pieces = batch * rows * columns * a.Size(2) < FewestMultiplyAdds ? 1 : (int)Math.Clamp(count / fewest, 1, MostPieces);
        if (pieces == 1)
        {
            Aten.Call(into, a, b, output);
            return output;
        }
        LibtorchPieces.Run(pieces, k =>
        {
            long from = count * k / pieces, length = count * (k + 1) / pieces - from;
            Tensor part = output.Narrow(dimension, from, length),
                left = dimension < 2 ? a.Narrow(dimension, from, length) : a,
                right = dimension != 1 ? b.Narrow(dimension, from, length) : b;
            if (dimension == 2)
                Aten.Copy_(part, Aten.Bmm(left, right));
            else
                Aten.Call(into, left, right, part);
        });
        return output;
    }
}
