using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Sums of maps with a ReLU behind them.</summary>
public static class SumRelu
{
    static readonly Operator operation = Operator.Managed("hwaso::sum_relu(Tensor[] tensors) -> Tensor");

    /// <summary>
    /// relu(a + b + …) of one or more maps of one shape, added in their order. Recorders see the operators that it is made of, unless
    /// Hwaso's own kernels compute it.
    /// </summary>
    public static Tensor SumWithRelu(this IEnumerable<Tensor> maps)
    {
        ArgumentNullException.ThrowIfNull(maps);
        if (!OwnKernels.AreOn || !NoGrad.IsFollowing)
            return maps.Aggregate((sum, map) => sum + map).Relu();
        Tensor[] terms = [.. maps];
        return terms.Length > 1 && terms.All(t => Takes(t, terms[0]))
            ? Door.CallManaged(operation, [terms], () => new SumReluFunction().Apply(terms)[0])
            : terms.Aggregate((sum, map) => sum + map).Relu();
    }

    static bool Takes(Tensor map, Tensor first) =>
        map.Device.Type == DeviceType.Cpu && map.Type == ScalarType.Float32 && map.Elements > 0 && map.Shape.SequenceEqual(first.Shape);
}

/// <summary>relu(a + b + …) in one pass, and its gradient, which all terms share, in another.</summary>
sealed unsafe class SumReluFunction : Function
{
    // Numbers of a piece of work: some of them for each thread, of any number of threads.
    const int Piece = 1 << 14;

    Tensor? output;

    public override string Name => "sum_relu";

    /// <summary>The vectors; the processor's widest where null, for tests otherwise.</summary>
    public SumPasses? Width { get; init; }

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        Tensor[] terms = [.. inputs.Select(t => t.Contiguous())];
        var places = terms.Select(t => (nint)t.Data()).ToArray();
        var result = Tensor.Empty(terms[0].Shape, ScalarType.Float32);
        var to = (float*)result.Data();
        var passes = Width ?? SumPasses.Widest;
        ForPieces(result.Elements, places.Length, (from, count) => passes.Forward(places, from, count, to));
        output = Save(result);
        return [result];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        if (gradients[0] is not { } given)
            return new Tensor?[NeedsGradient.Count];
        var gradient = given.Contiguous();
        var result = Tensor.Empty(output!.Shape, ScalarType.Float32);
        float* g = (float*)gradient.Data(), y = (float*)output.Data(), to = (float*)result.Data();
        var passes = Width ?? SumPasses.Widest;
        ForPieces(result.Elements, 2, (from, count) => passes.Backward(g + from, y + from, count, to + from));
        return [.. NeedsGradient.Select(needs => needs ? result : null)];
    }

    static void ForPieces(long numbers, int terms, Action<nint, int> piece) =>
        Workers.Run(Workers.For(numbers * terms), (int)((numbers + Piece - 1) / Piece), (_, k) =>
        {
            var from = (nint)k * Piece;
            piece(from, (int)Math.Min(Piece, numbers - from));
        });
}

/// <summary>The two passes over numbers in a row, for one width of vectors.</summary>
abstract unsafe class SumPasses
{
    /// <summary>For the processor's widest vectors.</summary>
    public static SumPasses Widest =>
        Vector512.IsHardwareAccelerated ? SumPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? SumPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? SumPasses<Lanes128, Vector128<float>>.Instance
        : SumPasses<Lanes1, float>.Instance;

    /// <summary>The sum of numbers of all terms, at least 0.</summary>
    public abstract void Forward(nint[] terms, nint from, int count, float* to);

    /// <summary>The gradient where the result is positive.</summary>
    public abstract void Backward(float* gradient, float* result, int count, float* to);
}

/// <inheritdoc/>
sealed unsafe class SumPasses<TLanes, TVector> : SumPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static SumPasses Instance { get; } = new SumPasses<TLanes, TVector>();

    public override void Forward(nint[] terms, nint from, int count, float* to)
    {
        var zero = TLanes.All(0);
        var k = 0;
        for (; k <= count - TLanes.Count; k += TLanes.Count)
        {
            var sum = TLanes.Load((float*)terms[0] + from + k);
            for (var t = 1; t < terms.Length; t++)
                sum = TLanes.Add(sum, TLanes.Load((float*)terms[t] + from + k));
            TLanes.Store(TLanes.AtLeast(zero, sum), to + from + k);
        }
        for (; k < count; k++)
        {
            var sum = ((float*)terms[0])[from + k];
            for (var t = 1; t < terms.Length; t++)
                sum += ((float*)terms[t])[from + k];
            to[from + k] = sum <= 0 ? 0 : sum;
        }
    }

    public override void Backward(float* gradient, float* result, int count, float* to)
    {
        var zero = TLanes.All(0);
        var k = 0;
        for (; k <= count - TLanes.Count; k += TLanes.Count)
            TLanes.Store(TLanes.WherePositive(TLanes.Load(result + k), TLanes.Load(gradient + k), zero), to + k);
        for (; k < count; k++)
            to[k] = result[k] > 0 ? gradient[k] : 0;
    }
}
