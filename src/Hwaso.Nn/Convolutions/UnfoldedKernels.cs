using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Convolutions of any square kernel as products of matrices: a chunk of an image's rows is unfolded, so that each tap of each channel is a
/// channel by itself, and 1×1 kernels do the rest. For one width of vectors.
/// </summary>
abstract unsafe class UnfoldedKernels
{
    /// <summary>[N, Cout, H', W'] from the input and weights [Cout, Cin / groups, K, K].</summary>
    public abstract void Outputs(in UnfoldedShape shape, float* input, float* weights, float* bias, float* output);

    /// <summary>[N, Cin, H, W] from gradients of the output.</summary>
    public abstract void InputGradient(in UnfoldedShape shape, float* gradient, float* weights, float* output);

    /// <summary>[Cout, Cin / groups, K, K] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in UnfoldedShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static UnfoldedKernels Widest =>
        Vector512.IsHardwareAccelerated ? UnfoldedKernels<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? UnfoldedKernels<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? UnfoldedKernels<Lanes128, Vector128<float>>.Instance
        : UnfoldedKernels<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class UnfoldedKernels<TLanes, TVector> : UnfoldedKernels
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Parts of a gradient of weights that are summed by themselves, and blocks of an image's channels: by the sizes alone.
    const int MostParts = 8, MostBlocks = 4;

    public static UnfoldedKernels Instance { get; } = new UnfoldedKernels<TLanes, TVector>();

    public override void Outputs(in UnfoldedShape shape, float* input, float* weights, float* bias, float* output)
    {
        using var scope = new Scope();
        var (s, threads) = (shape, Workers.For(shape.MultiplyAdds));
        var whole = new PointOutputs<TLanes, TVector>(s.Chunk(s.ChunkRows), 1, null, null);
        var factors = Numbers(s.Groups * whole.FactorNumbers);
        var one = (nint)whole.FactorNumbers;
        for (var g = 0; g < s.Groups; g++)
        {
            whole.Factors = factors + g * one;
            whole.Copy(weights + (nint)g * s.Outputs * s.Terms, back: false, bias == null ? null : bias + g * s.Outputs);
        }
        nint unfolded = s.ChunkNumbers(s.Terms), results = s.ChunkNumbers(s.Outputs),
            each = unfolded + results + Math.Max(whole.WorkNumbers, s.StageNumbers);
        var work = Numbers(threads * each);
        Workers.Run(threads, s.Images * s.Chunks, (thread, k) =>
        {
            var (image, chunk) = Math.DivRem(k, s.Chunks);
            var place = work + thread * each;
            var (first, rows) = s.RowsOf(chunk);
            for (var g = 0; g < s.Groups; g++)
            {
                s.Unfold(input + s.InputAt(image, g), first, rows, place + unfolded + results, place);
                var planes = output + s.OutputAt(image, g);
                var target = s.Chunks == 1 ? planes : place + unfolded;
                Multiply(s.Chunk(rows), place, factors + g * one, target, place + unfolded + results);
                if (s.Chunks > 1)
                    s.FromChunk(target, first, rows, planes);
            }
        });
    }

    public override void InputGradient(in UnfoldedShape shape, float* gradient, float* weights, float* output)
    {
        using var scope = new Scope();
        var s = shape;
        if (s.IsTurned)
        {
            var turned = Numbers((long)s.Cout * s.Terms);
            s.Turn(weights, turned);
            Outputs(s.Turned(), gradient, turned, null, output);
            return;
        }
        // Outputs overlap in the input, so that a piece has an image and some of its channels.
        var (blocks, threads) = (Math.Min(MostBlocks, s.Channels), Workers.For(s.MultiplyAdds));
        var widest = new PointOutputs<TLanes, TVector>(Back(s, MinimalTiles.Blocks(s.Channels, blocks), s.ChunkRows), 1, null, null);
        var one = (nint)widest.FactorNumbers;
        var factors = Numbers(s.Groups * blocks * one);
        var some = Numbers((long)s.Outputs * MinimalTiles.Blocks(s.Channels, blocks) * s.Taps);
        for (var b = 0; b < s.Groups * blocks; b++)
        {
            var (from, count) = Channels(s, b % blocks, blocks);
            for (var o = 0; o < s.Outputs; o++)
                new ReadOnlySpan<float>(weights + ((nint)(b / blocks * s.Outputs + o) * s.Channels + from) * s.Taps, count * s.Taps)
                    .CopyTo(new Span<float>(some + (nint)o * count * s.Taps, count * s.Taps));
            new PointOutputs<TLanes, TVector>(Back(s, count, s.ChunkRows), 1, null, null) { Factors = factors + b * one }
                .Copy(some, back: true, null);
        }
        nint unfolded = s.ChunkNumbers(s.Terms), gradients = s.ChunkNumbers(s.Outputs), each = unfolded + gradients + widest.WorkNumbers;
        var work = Numbers(threads * each);
        Workers.Run(threads, s.Images * s.Groups * blocks, (thread, k) =>
        {
            var (image, b) = Math.DivRem(k, s.Groups * blocks);
            var place = work + thread * each;
            var (from, count) = Channels(s, b % blocks, blocks);
            var planes = output + s.InputAt(image, b / blocks) + (nint)from * s.Height * s.Width;
            new Span<float>(planes, count * s.Height * s.Width).Clear();
            for (var chunk = 0; chunk < s.Chunks; chunk++)
            {
                var (first, rows) = s.RowsOf(chunk);
                s.ToChunk(gradient + s.OutputAt(image, b / blocks), first, rows, place + unfolded);
                Multiply(Back(s, count, rows), place + unfolded, factors + b * one, place, place + unfolded + gradients);
                s.Fold(place, first, rows, count, planes);
            }
        });
    }

    public override void WeightGradient(in UnfoldedShape shape, float* input, float* gradient, float* output)
    {
        using var scope = new Scope();
        var (s, threads) = (shape, Workers.For(shape.MultiplyAdds));
        var (chunks, inGroup) = (s.Images * s.Chunks, (nint)s.Outputs * s.Terms);
        var parts = Math.Min(MostParts, chunks);
        var sums = Numbers(parts * s.Groups * inGroup);
        // A shorter chunk may be cut into longer strips.
        IWeightSums whole = Sums(s.Chunk(s.ChunkRows), null, null, null),
            last = Sums(s.Chunk(s.RowsOf(s.Chunks - 1).Rows), null, null, null);
        nint unfolded = s.ChunkNumbers(s.Terms), gradients = s.ChunkNumbers(s.Outputs),
            inner = (nint)Math.Max(whole.SumNumbers, last.SumNumbers) + 64,
            each = unfolded + gradients + inGroup + 64 + inner
                + Math.Max(s.StageNumbers, Math.Max(whole.WorkNumbers, last.WorkNumbers));
        var work = Numbers(threads * each);
        Workers.Run(threads, parts * s.Groups, (thread, k) =>
        {
            var (part, g) = Math.DivRem(k, s.Groups);
            float* place = work + thread * each, sum = sums + k * inGroup, found = place + unfolded + gradients;
            var begin = (int)((long)chunks * part / parts);
            for (var c = begin; c < (int)((long)chunks * (part + 1) / parts); c++)
            {
                var (image, chunk) = Math.DivRem(c, s.Chunks);
                var (first, rows) = s.RowsOf(chunk);
                s.Unfold(input + s.InputAt(image, g), first, rows, found + inGroup + 64 + inner, place);
                s.ToChunk(gradient + s.OutputAt(image, g), first, rows, place + unfolded);
                var pass = Sums(s.Chunk(rows), place, place + unfolded, c == begin ? sum : found);
                pass.Sums = found + inGroup + 64;
                for (var p = 0; p < pass.Pieces; p++)
                    pass.Run(p, found + inGroup + 64 + inner);
                for (var r = 0; r < pass.Rows; r++)
                    pass.Finish(r);
                if (c > begin)
                    Add(found, sum, inGroup);
            }
        });
        for (var g = 0; g < s.Groups; g++)
        {
            var target = output + g * inGroup;
            new ReadOnlySpan<float>(sums + g * inGroup, (int)inGroup).CopyTo(new Span<float>(target, (int)inGroup));
            for (var part = 1; part < parts; part++)
                Add(sums + (part * s.Groups + g) * inGroup, target, inGroup);
        }
    }

    static void Multiply(in PointShape shape, float* from, float* factors, float* to, float* work)
    {
        var pass = new PointOutputs<TLanes, TVector>(shape, 1, from, to) { Factors = factors };
        for (var k = 0; k < pass.Pieces; k++)
            pass.Run(k, work);
    }

    static IWeightSums Sums(in PointShape shape, float* input, float* gradient, float* output) =>
        WidePointWeights<TLanes, TVector>.Takes(shape)
            ? new WidePointWeights<TLanes, TVector>(shape, 1, input, gradient, output)
            : new PointWeights<TLanes, TVector>(shape, 1, input, gradient, output);

    static void Add(float* from, float* to, nint count)
    {
        nint k = 0;
        for (; k <= count - TLanes.Count; k += TLanes.Count)
            TLanes.Store(TLanes.Add(TLanes.Load(to + k), TLanes.Load(from + k)), to + k);
        for (; k < count; k++)
            to[k] += from[k];
    }

    // From gradients of a chunk to those of the taps of some channels.
    static PointShape Back(in UnfoldedShape s, int channels, int rows) => new(1, s.Outputs, channels * s.Taps, rows * s.Columns);

    static (int From, int Count) Channels(in UnfoldedShape s, int block, int blocks)
    {
        var from = s.Channels * block / blocks;
        return (from, s.Channels * (block + 1) / blocks - from);
    }

    static float* Numbers(long count) => (float*)Tensor.Empty([count + 64], ScalarType.Float32).Data();
}
