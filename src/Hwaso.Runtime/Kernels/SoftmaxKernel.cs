using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>exp(x) divided by its sum along an axis, or the logarithm of that.</summary>
/// <param name="outer">The product of the sizes before the axis.</param>
/// <param name="length">The size of the axis.</param>
/// <param name="inner">The product of the sizes after the axis.</param>
/// <param name="logarithm">Whether to return the logarithm.</param>
/// <param name="input">The tensor.</param>
/// <param name="output">The result; may be the input.</param>
sealed unsafe class SoftmaxKernel<TLanes, TVector>(int outer, int length, int inner, bool logarithm, float* input, float* output) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Columns = 512;

    int Blocks => (inner + Columns - 1) / Columns;

    public override int Items => outer * Blocks;

    public override long ScratchBytes => 2 * (Columns + 16) * sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var first = item % Blocks * Columns;
        var count = Math.Min(Columns, inner - first);
        var from = input + ((long)(item / Blocks) * length * inner) + first;
        var to = output + ((long)(item / Blocks) * length * inner) + first;
        if (inner == 1)
        {
            SoftmaxRow<TLanes, TVector>.Apply(from, to, length, logarithm);
            return;
        }
        var largest = (float*)scratch;
        var sum = largest + Columns + 16;
        new Span<float>(from, count).CopyTo(new Span<float>(largest, count));
        for (var k = 1; k < length; k++)
            for (var x = 0; x < count; x++)
                largest[x] = MathF.Max(largest[x], from[((long)k * inner) + x]);
        new Span<float>(sum, count).Clear();
        for (var k = 0; k < length; k++)
        {
            var source = from + ((long)k * inner);
            var target = to + ((long)k * inner);
            var x = 0;
            for (; x + TLanes.Count <= count; x += TLanes.Count)
            {
                var shifted = TLanes.Subtract(TLanes.Load(source + x), TLanes.Load(largest + x));
                var power = TLanes.Exp(shifted);
                TLanes.Store(TLanes.Add(TLanes.Load(sum + x), power), sum + x);
                TLanes.Store(logarithm ? shifted : power, target + x);
            }
            for (; x < count; x++)
            {
                var shifted = source[x] - largest[x];
                var power = MathF.Exp(shifted);
                sum[x] += power;
                target[x] = logarithm ? shifted : power;
            }
        }
        for (var x = 0; x < count; x++)
            sum[x] = logarithm ? MathF.Log(sum[x]) : 1 / sum[x];
        for (var k = 0; k < length; k++)
            for (var x = 0; x < count; x++)
                to[((long)k * inner) + x] = logarithm ? to[((long)k * inner) + x] - sum[x] : to[((long)k * inner) + x] * sum[x];
    }
}

/// <summary>The softmax of a row, or its logarithm.</summary>
static unsafe class SoftmaxRow<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Computes it; <paramref name="to"/> may be <paramref name="from"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float* from, float* to, int length, bool logarithm)
    {
        var largest = Largest(from, length);
        var (sums, x) = (TLanes.All(0), 0);
        for (; x + TLanes.Count <= length; x += TLanes.Count)
        {
            var shifted = TLanes.Subtract(TLanes.Load(from + x), TLanes.All(largest));
            var power = TLanes.Exp(shifted);
            sums = TLanes.Add(sums, power);
            TLanes.Store(logarithm ? shifted : power, to + x);
        }
        if (x < length)
        {
            var shifted = TLanes.Subtract(TLanes.LoadFirst(from + x, length - x), TLanes.All(largest));
            var power = TLanes.Exp(shifted);
            sums = TLanes.Add(sums, TLanes.First(power, length - x));
            TLanes.StoreFirst(logarithm ? shifted : power, to + x, length - x);
        }
        var sum = TLanes.Sum(sums);
        var last = logarithm ? MathF.Log(sum) : 1 / sum;
        for (x = 0; x + TLanes.Count <= length; x += TLanes.Count)
            TLanes.Store(logarithm
                ? TLanes.Subtract(TLanes.Load(to + x), TLanes.All(last))
                : TLanes.Multiply(TLanes.Load(to + x), TLanes.All(last)), to + x);
        for (; x < length; x++)
            to[x] = logarithm ? to[x] - last : to[x] * last;
    }

    // A number that is not one may be lost here; the sum of powers keeps it.
    static float Largest(float* from, int length)
    {
        var (most, x) = (TLanes.All(float.NegativeInfinity), 0);
        for (; x + TLanes.Count <= length; x += TLanes.Count)
            most = TLanes.AtLeast(most, TLanes.Load(from + x));
        var each = stackalloc float[16];
        TLanes.Store(most, each);
        var largest = each[0];
        for (var k = 1; k < TLanes.Count; k++)
            largest = MathF.Max(largest, each[k]);
        for (; x < length; x++)
            largest = MathF.Max(largest, from[x]);
        return largest;
    }
}
