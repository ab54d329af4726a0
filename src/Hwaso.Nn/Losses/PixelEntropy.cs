using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// The mean cross entropy of pixels and its gradient in one pass: float32 logits [N, K, H, W] on the processor. Where no pixel counts both
/// are 0.
/// </summary>
/// <param name="labels">Classes [N, H, W], 64-bit integers.</param>
/// <param name="weights">A weight for each class; null where all count alike.</param>
/// <param name="ignoreIndex">The label that does not count.</param>
/// <param name="overwrites">Whether the gradient may take the logits' place in memory.</param>
sealed unsafe class PixelEntropy(Tensor labels, IReadOnlyList<double>? weights, int ignoreIndex, bool overwrites = false) : Function
{
    // Pixels of a piece of work.
    const int Piece = 4096;

    Tensor? slope;

    public override string Name => "cross_entropy";

    /// <summary>The width of vectors; null for the widest. For tests.</summary>
    internal EntropyPasses? Width { get; init; }

    /// <summary>Whether it takes these logits.</summary>
    public static bool Takes(Tensor logits, Tensor labels) =>
        OwnKernels.AreOn && logits.RequiresGrad && NoGrad.IsFollowing && logits.Device.Type == DeviceType.Cpu
        && logits.Type == ScalarType.Float32 && labels.Device.Type == DeviceType.Cpu && logits.Elements > 0;

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var logits = inputs[0].Contiguous();
        var classes = (int)logits.Size(1);
        var pixels = (int)(logits.Size(2) * logits.Size(3));
        var parts = (pixels + Piece - 1) / Piece;
        var images = (int)logits.Size(0);
        var byClass = Enumerable.Range(0, classes).Select(k => (float)(weights?[k] ?? 1)).ToArray();
        var plain = labels.Contiguous();
        var label = (long*)plain.Data();
        var (sums, threads) = (new double[images * parts], Workers.For(logits.Elements * 16));
        Workers.Run(threads, sums.Length, (_, k) => sums[k] = Weight(label + Begin(k), Count(k), byClass));
        if (Array.FindIndex(sums, double.IsNaN) is >= 0 and var bad)
            throw new ArgumentException(Wrong(label + Begin(bad), Count(bad), classes));
        var total = sums.Sum();
        var share = total > 0 ? (float)(1 / total) : 0;
        var passes = Width ?? EntropyPasses.Widest;
        slope = Save(overwrites ? logits : Tensor.Empty(logits.Shape, ScalarType.Float32));
        float* from = (float*)logits.Data(), to = (float*)slope.Data();
        Workers.Run(threads, sums.Length, (_, k) =>
        {
            var (n, part) = Math.DivRem(k, parts);
            var at = (nint)n * classes * pixels + part * Piece;
            sums[k] = passes.Run(from + at, label + Begin(k), Count(k), pixels, byClass, ignoreIndex, share, to + at);
        });
        return [Tensor.From([(float)(total > 0 ? sums.Sum() / total : 0)]).Reshape([])];

        nint Begin(int k) => (nint)(k / parts) * pixels + k % parts * Piece;
        int Count(int k) => Math.Min(Piece, pixels - k % parts * Piece);
    }

    protected override Tensor?[] Backward(Tensor?[] gradients) =>
        [gradients[0] is not { } gradient ? null : gradient.Item() is var factor and not 1 ? slope! * factor : slope];

    /// <summary>The weights of pixels that count, added; NaN where a label is neither a class nor the ignored one.</summary>
    double Weight(long* label, int count, float[] byClass)
    {
        var sum = 0.0;
        for (var k = 0; k < count; k++)
            if (label[k] != ignoreIndex)
                sum += (ulong)label[k] < (ulong)byClass.Length ? byClass[label[k]] : double.NaN;
        return sum;
    }

    string Wrong(long* label, int count, int classes)
    {
        var first = new ReadOnlySpan<long>(label, count).ToArray().First(l => l != ignoreIndex && (ulong)l >= (ulong)classes);
        return $"label {first} is neither one of {classes} classes nor {ignoreIndex}, which is ignored";
    }
}

/// <summary>Losses and gradients of pixels in a row, for one width of vectors.</summary>
abstract unsafe class EntropyPasses
{
    /// <summary>For the processor's widest vectors.</summary>
    public static EntropyPasses Widest =>
        Vector512.IsHardwareAccelerated ? EntropyPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? EntropyPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? EntropyPasses<Lanes128, Vector128<float>>.Instance
        : EntropyPasses<Lanes1, float>.Instance;

    /// <summary>Returns the weighted sum of losses, and writes the gradient of that sum, times a share.</summary>
    /// <param name="logits">The first class's plane, at the first pixel.</param>
    /// <param name="labels">The pixels' classes.</param>
    /// <param name="count">How many pixels.</param>
    /// <param name="plane">Numbers from a class's plane to the next.</param>
    /// <param name="weights">Of each class.</param>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="share">The factor of the gradient.</param>
    /// <param name="gradient">Where it goes, laid out as the logits; it may be the logits.</param>
    public abstract double Run(
        float* logits, long* labels, int count, nint plane, float[] weights, int ignoreIndex, float share, float* gradient);
}

/// <inheritdoc/>
sealed unsafe class EntropyPasses<TLanes, TVector> : EntropyPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static EntropyPasses Instance { get; } = new EntropyPasses<TLanes, TVector>();

    public override double Run(
        float* logits, long* labels, int count, nint plane, float[] weights, int ignoreIndex, float share, float* gradient)
    {
        var sum = 0.0;
        var k = 0;
        for (; k <= count - TLanes.Count; k += TLanes.Count)
            sum += Pixels(logits + k, labels + k, plane, weights, ignoreIndex, share, gradient + k);
        for (; k < count; k++)
            sum += EntropyPasses<Lanes1, float>.Pixels(logits + k, labels + k, plane, weights, ignoreIndex, share, gradient + k);
        return sum;
    }

    static double Pixels(float* logits, long* labels, nint plane, float[] weights, int ignoreIndex, float share, float* gradient)
    {
        var most = TLanes.Load(logits);
        for (var c = 1; c < weights.Length; c++)
            most = TLanes.AtLeast(most, TLanes.Load(logits + c * plane));
        var sum = TLanes.All(0);
        // Read before the gradient is written.
        var owns = stackalloc float[16];
        for (var p = 0; p < TLanes.Count; p++)
            owns[p] = labels[p] == ignoreIndex ? 0 : logits[labels[p] * plane + p];
        for (var c = 0; c < weights.Length; c++)
        {
            var power = TLanes.Exp(TLanes.Subtract(TLanes.Load(logits + c * plane), most));
            sum = TLanes.Add(sum, power);
            TLanes.Store(power, gradient + c * plane);
        }
        var numbers = stackalloc float[16];
        for (var p = 0; p < TLanes.Count; p++)
            numbers[p] = labels[p] == ignoreIndex ? 0 : weights[labels[p]] * share;
        var factor = TLanes.Divide(TLanes.Load(numbers), sum);
        for (var c = 0; c < weights.Length; c++)
            TLanes.Store(TLanes.Multiply(TLanes.Load(gradient + c * plane), factor), gradient + c * plane);
        TLanes.Store(sum, numbers);
        var largest = stackalloc float[16];
        TLanes.Store(most, largest);
        var loss = 0.0;
        for (var p = 0; p < TLanes.Count; p++)
        {
            if (labels[p] == ignoreIndex)
                continue;
            var (weight, own) = (weights[labels[p]], labels[p] * plane + p);
            gradient[own] -= weight * share;
            loss += weight * (Math.Log(numbers[p]) + (largest[p] - (double)owns[p]));
        }
        return loss;
    }
}
