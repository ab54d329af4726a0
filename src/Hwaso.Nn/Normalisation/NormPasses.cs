using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// The passes of a batch norm over a plane, one channel of one image, with the sum and the ReLU that follow it, on the processor, for one
/// width of vectors. Every sum has its own order.
/// </summary>
abstract unsafe class NormPasses
{
    /// <summary>The mean of so many numbers, and the sum of the squared distances from it.</summary>
    public abstract (double Mean, double Squares) Statistics(float* x, int pixels);

    /// <summary>
    /// (x − mean) · scale + shift, plus another map, at least 0 where a ReLU follows. Products of x itself would cancel where the mean is
    /// large.
    /// </summary>
    /// <param name="x">The input.</param>
    /// <param name="plus">What is added; null for nothing.</param>
    /// <param name="pixels">Numbers of a plane.</param>
    /// <param name="mean">The channel's.</param>
    /// <param name="scale">A factor.</param>
    /// <param name="shift">Added to the product.</param>
    /// <param name="relu">Whether a ReLU follows.</param>
    /// <param name="y">Gets the result.</param>
    public abstract void Forward(float* x, float* plus, int pixels, float mean, float scale, float shift, bool relu, float* y);

    /// <summary>Σ g and Σ g (x − mean), where g is the gradient that passed the ReLU.</summary>
    /// <param name="gradient">Of the result.</param>
    /// <param name="y">The result of a ReLU; null without one.</param>
    /// <param name="x">The input.</param>
    /// <param name="pixels">Numbers of a plane.</param>
    /// <param name="mean">The channel's.</param>
    /// <param name="passed">Gets g; null where it is not wanted.</param>
    public abstract (double Sum, double Product) Sums(float* gradient, float* y, float* x, int pixels, float mean, float* passed);

    /// <summary>g · scale + (x − mean) · slope + shift: the gradient of the input. Arguments as for <see cref="Sums"/>.</summary>
    public abstract void Backward(
        float* gradient, float* y, float* x, int pixels, float mean, float scale, float slope, float shift, float* result);

    /// <summary>For the widest vectors that planes of so many pixels fill.</summary>
    public static NormPasses For(int pixels) =>
        Vector512.IsHardwareAccelerated && pixels >= Vector512<float>.Count ? NormPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated && pixels >= Vector256<float>.Count ? NormPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? NormPasses<Lanes128, Vector128<float>>.Instance
        : NormPasses<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class NormPasses<TLanes, TVector> : NormPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Numbers that are summed in float32, few in a row; sums of them are added in float64.
    static int Block => 64 * TLanes.Count;

    public static NormPasses Instance { get; } = new NormPasses<TLanes, TVector>();

    public override (double Mean, double Squares) Statistics(float* x, int pixels)
    {
        var sum = 0.0;
        for (var k = 0; k < pixels; k += Block)
            sum += Sum(x + k, Math.Min(Block, pixels - k));
        // Distances from a number near the mean are small, and so are the roundings of their sums.
        var near = (float)(sum / pixels);
        var (distances, squares) = (0.0, 0.0);
        for (var k = 0; k < pixels; k += Block)
            Distances(x + k, Math.Min(Block, pixels - k), near, ref distances, ref squares);
        var rest = distances / pixels;
        return (near + rest, Math.Max(0, squares - distances * rest));
    }

    static double Sum(float* x, int count)
    {
        TVector a = TLanes.All(0), b = a, c = a, d = a;
        var k = 0;
        for (; k <= count - 4 * TLanes.Count; k += 4 * TLanes.Count)
        {
            a = TLanes.Add(a, TLanes.Load(x + k));
            b = TLanes.Add(b, TLanes.Load(x + k + TLanes.Count));
            c = TLanes.Add(c, TLanes.Load(x + k + 2 * TLanes.Count));
            d = TLanes.Add(d, TLanes.Load(x + k + 3 * TLanes.Count));
        }
        for (; k <= count - TLanes.Count; k += TLanes.Count)
            a = TLanes.Add(a, TLanes.Load(x + k));
        double sum = TLanes.Sum(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)));
        for (; k < count; k++)
            sum += x[k];
        return sum;
    }

    static void Distances(float* x, int count, float near, ref double sum, ref double squares)
    {
        TVector a = TLanes.All(0), b = a, c = a, d = a, middle = TLanes.All(near);
        var k = 0;
        for (; k <= count - 2 * TLanes.Count; k += 2 * TLanes.Count)
        {
            TVector e = TLanes.Subtract(TLanes.Load(x + k), middle), f = TLanes.Subtract(TLanes.Load(x + k + TLanes.Count), middle);
            a = TLanes.Add(a, e);
            b = TLanes.Add(b, f);
            c = TLanes.MultiplyAdd(e, e, c);
            d = TLanes.MultiplyAdd(f, f, d);
        }
        sum += TLanes.Sum(TLanes.Add(a, b));
        squares += TLanes.Sum(TLanes.Add(c, d));
        for (; k < count; k++)
        {
            var distance = (double)x[k] - near;
            sum += distance;
            squares += distance * distance;
        }
    }

    public override void Forward(float* x, float* plus, int pixels, float mean, float scale, float shift, bool relu, float* y)
    {
        TVector middle = TLanes.All(mean), factor = TLanes.All(scale), term = TLanes.All(shift);
        var least = TLanes.All(relu ? 0 : float.NegativeInfinity);
        var k = 0;
        if (plus == null)
            for (; k <= pixels - TLanes.Count; k += TLanes.Count)
                TLanes.Store(TLanes.AtLeast(least,
                    TLanes.MultiplyAdd(TLanes.Subtract(TLanes.Load(x + k), middle), factor, term)), y + k);
        else
            for (; k <= pixels - TLanes.Count; k += TLanes.Count)
                TLanes.Store(TLanes.AtLeast(least,
                    TLanes.Add(TLanes.MultiplyAdd(TLanes.Subtract(TLanes.Load(x + k), middle), factor, term),
                        TLanes.Load(plus + k))), y + k);
        for (; k < pixels; k++)
        {
            var value = (x[k] - mean) * scale + shift + (plus == null ? 0 : plus[k]);
            y[k] = relu && value <= 0 ? 0 : value;
        }
    }

    // The gradients of weights are these sums, which libtorch adds in float64: ours keep what their roundings lose (Kahan, 1965).
    public override (double Sum, double Product) Sums(float* gradient, float* y, float* x, int pixels, float mean, float* passed)
    {
        var (sum, product) = (0.0, 0.0);
        TVector zero = TLanes.All(0), middle = TLanes.All(mean), a = zero, b = zero, c = zero, d = zero;
        TVector lostA = zero, lostB = zero, restC = zero, restD = zero;
        var k = 0;
        for (; k <= pixels - 2 * TLanes.Count; k += 2 * TLanes.Count)
        {
            TVector g = Passed(gradient, y, k, zero), h = Passed(gradient, y, k + TLanes.Count, zero);
            if (passed != null)
            {
                TLanes.Store(g, passed + k);
                TLanes.Store(h, passed + k + TLanes.Count);
            }
            Add(TLanes.Subtract(g, lostA), ref a, ref lostA);
            Add(TLanes.Subtract(h, lostB), ref b, ref lostB);
            AddProduct(g, TLanes.Load(x + k), middle, ref c, ref restC);
            AddProduct(h, TLanes.Load(x + k + TLanes.Count), middle, ref d, ref restD);
        }
        if (k > 0)
        {
            sum += Total(a) + Total(b) - TLanes.Sum(TLanes.Add(lostA, lostB));
            product += Total(c) + Total(d) + TLanes.Sum(TLanes.Add(restC, restD));
        }
        for (; k < pixels; k++)
        {
            var g = Passed(gradient, y, k);
            if (passed != null)
                passed[k] = g;
            sum += g;
            product += g * ((double)x[k] - mean);
        }
        return (sum, product);
    }

    // Adds g (x − mean) to a sum, and to another one what the roundings of difference, product and sum lose (Ogita, Rump and Oishi, 2005).
    // That of the product is known where the processor multiplies and adds with one rounding, that of the difference where x is no smaller
    // than the mean; where x is near the mean there is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddProduct(TVector g, TVector x, TVector mean, ref TVector sum, ref TVector rest)
    {
        var distance = TLanes.Subtract(x, mean);
        var product = TLanes.Multiply(g, distance);
        var lost = TLanes.MultiplyAdd(g, TLanes.Subtract(TLanes.Subtract(x, distance), mean),
            TLanes.MultiplyAdd(g, distance, TLanes.Subtract(TLanes.All(0), product)));
        var next = TLanes.Add(sum, product);
        var added = TLanes.Subtract(next, sum);
        var more = TLanes.Add(TLanes.Subtract(sum, TLanes.Subtract(next, added)), TLanes.Subtract(product, added));
        rest = TLanes.Add(rest, TLanes.Add(more, lost));
        sum = next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add(TVector term, ref TVector sum, ref TVector lost)
    {
        var next = TLanes.Add(sum, term);
        lost = TLanes.Subtract(TLanes.Subtract(next, sum), term);
        sum = next;
    }

    static double Total(TVector vector)
    {
        var numbers = stackalloc float[16];
        TLanes.Store(vector, numbers);
        var sum = 0.0;
        for (var k = 0; k < TLanes.Count; k++)
            sum += numbers[k];
        return sum;
    }

    public override void Backward(
        float* gradient, float* y, float* x, int pixels, float mean, float scale, float slope, float shift, float* result)
    {
        TVector zero = TLanes.All(0), middle = TLanes.All(mean), a = TLanes.All(scale), b = TLanes.All(slope), c = TLanes.All(shift);
        var k = 0;
        for (; k <= pixels - TLanes.Count; k += TLanes.Count)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Subtract(TLanes.Load(x + k), middle), b,
                TLanes.MultiplyAdd(Passed(gradient, y, k, zero), a, c)), result + k);
        for (; k < pixels; k++)
            result[k] = (x[k] - mean) * slope + (Passed(gradient, y, k) * scale + shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Passed(float* gradient, float* y, int k, TVector zero)
    {
        var g = TLanes.Load(gradient + k);
        return y == null ? g : TLanes.WherePositive(TLanes.Load(y + k), g, zero);
    }

    static float Passed(float* gradient, float* y, int k) => y == null || y[k] > 0 ? gradient[k] : 0;
}
