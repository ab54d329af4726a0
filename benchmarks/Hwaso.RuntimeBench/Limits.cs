using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.RuntimeBench;

/// <summary>The limits of the machine: fused multiply-adds in registers, and bytes between memory and registers.</summary>
/// <param name="MultiplyAdds">Multiply-adds per second, of all threads together.</param>
/// <param name="Bytes">Bytes per second, read and written, of all threads together.</param>
sealed record Limits(double MultiplyAdds, double Bytes)
{
    const int Rounds = 1 << 24, Sums = 12, Numbers = 48 << 20, Tries = 5;

    /// <summary>The best of several measurements.</summary>
    public static Limits Measure(int threads)
    {
        var arrays = Enumerable.Range(0, threads).Select(_ => (new float[Numbers], new float[Numbers])).ToArray();
        var fastest = Fastest(threads, _ => Multiply());
        var copying = Fastest(threads, k => Copy(arrays[k].Item1, arrays[k].Item2));
        var lanes = Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256<float>.Count;
        return new(threads * (double)Rounds * Sums * lanes / fastest, threads * 2.0 * sizeof(float) * Numbers / copying);
    }

    static double Fastest(int threads, Action<int> work)
    {
        var best = double.MaxValue;
        for (var k = 0; k < Tries; k++)
        {
            var began = Stopwatch.GetTimestamp();
            var all = Enumerable.Range(0, threads).Select(t => new Thread(() => work(t))).ToArray();
            Array.ForEach(all, t => t.Start());
            Array.ForEach(all, t => t.Join());
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        return best;
    }

    static float Multiply() => Vector512.IsHardwareAccelerated ? Vector512.Sum(Multiply512()) : Vector256.Sum(Multiply256());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static Vector256<float> Multiply256()
    {
        var (x, y) = (Vector256.Create(0.999f), Vector256.Create(0.001f));
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var round = 0; round < Rounds; round++)
        {
            a = Vector256.MultiplyAddEstimate(a, x, y);
            b = Vector256.MultiplyAddEstimate(b, x, y);
            c = Vector256.MultiplyAddEstimate(c, x, y);
            d = Vector256.MultiplyAddEstimate(d, x, y);
            e = Vector256.MultiplyAddEstimate(e, x, y);
            f = Vector256.MultiplyAddEstimate(f, x, y);
            g = Vector256.MultiplyAddEstimate(g, x, y);
            h = Vector256.MultiplyAddEstimate(h, x, y);
            i = Vector256.MultiplyAddEstimate(i, x, y);
            j = Vector256.MultiplyAddEstimate(j, x, y);
            k = Vector256.MultiplyAddEstimate(k, x, y);
            l = Vector256.MultiplyAddEstimate(l, x, y);
        }
        return a + b + c + d + e + f + g + h + i + j + k + l;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static Vector512<float> Multiply512()
    {
        var (x, y) = (Vector512.Create(0.999f), Vector512.Create(0.001f));
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var round = 0; round < Rounds; round++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y);
            b = Vector512.MultiplyAddEstimate(b, x, y);
            c = Vector512.MultiplyAddEstimate(c, x, y);
            d = Vector512.MultiplyAddEstimate(d, x, y);
            e = Vector512.MultiplyAddEstimate(e, x, y);
            f = Vector512.MultiplyAddEstimate(f, x, y);
            g = Vector512.MultiplyAddEstimate(g, x, y);
            h = Vector512.MultiplyAddEstimate(h, x, y);
            i = Vector512.MultiplyAddEstimate(i, x, y);
            j = Vector512.MultiplyAddEstimate(j, x, y);
            k = Vector512.MultiplyAddEstimate(k, x, y);
            l = Vector512.MultiplyAddEstimate(l, x, y);
        }
        return a + b + c + d + e + f + g + h + i + j + k + l;
    }

    static void Copy(float[] from, float[] to)
    {
        for (var k = 0; k <= from.Length - Vector256<float>.Count; k += Vector256<float>.Count)
            Vector256.LoadUnsafe(ref from[k]).StoreUnsafe(ref to[k]);
    }
}
