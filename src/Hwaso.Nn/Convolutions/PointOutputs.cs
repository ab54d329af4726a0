using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// Outputs of strips of pixels. The pixels of all images follow each other, three vectors a group. A strip's are copied, group by group
/// and channel by channel, so that products read memory in order.
/// </summary>
sealed unsafe class PointOutputs<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Vectors = 3;

    // Numbers of a strip's pixels: a quarter of a second-level cache of 512 KB, which holds weights besides.
    // Short runs of pixels take as long to find as to copy.
    const int StripNumbers = 1 << 15, FewestGroups = 4;

    readonly PointShape shape;
    readonly float* input, output;
    readonly int count, strip, blocks;
    readonly nint row, step;

    public PointOutputs(in PointShape shape, int threads, float* input, float* output)
    {
        this.shape = shape;
        this.input = input;
        this.output = output;
        count = (int)(((long)shape.Images * shape.Pixels + Group - 1) / Group);
        strip = Math.Min(Math.Max(StripNumbers / (shape.Cin * Group), FewestGroups), MinimalTiles.Blocks(count, 4 * threads));
        blocks = MinimalTiles.Blocks(shape.Cout, Channels);
        row = MinimalTiles.Apart(shape.Cin);
        step = MinimalTiles.Apart((nint)shape.Cin * Group) + 16;
    }

    // Output channels that are summed at once: processors with vectors of 16 have 32 registers, others may have 16.
    static int Channels => IsLong ? 8 : 4;

    static bool IsLong => TLanes.Count == 16;

    /// <summary>Pixels of a group.</summary>
    static int Group => Vectors * TLanes.Count;

    public int Pieces => MinimalTiles.Blocks(count, strip);

    public nint WorkNumbers => strip * step + (nint)blocks * Channels * Group + 64;

    public long FactorNumbers => blocks * Channels * (row + 1);

    /// <summary>Weights [Cout][Cin], with zeros where blocks of channels end; then the biases.</summary>
    public float* Factors { get; set; }

    float* Biases => Factors + blocks * Channels * row;

    public void Copy(float* weights, bool back, float* bias)
    {
        new Span<float>(Factors, (int)FactorNumbers).Clear();
        for (var o = 0; o < shape.Cout; o++)
        {
            var to = Factors + o * row;
            if (bias != null)
                Biases[o] = bias[o];
            if (!back)
                new ReadOnlySpan<float>(weights + (nint)o * shape.Cin, shape.Cin).CopyTo(new Span<float>(to, shape.Cin));
            else
                for (var i = 0; i < shape.Cin; i++)
                    to[i] = weights[(nint)i * shape.Cout + o];
        }
    }

    public void Run(int piece, float* work)
    {
        var first = piece * strip;
        var groups = Math.Min(strip, count - first);
        for (var g = 0; g < groups; g++)
            if (Place(first + g) is var (image, pixel) && pixel + Group > shape.Pixels)
                CopyParts(image, pixel, work + g * step);
        // One channel after the other, so that memory is read in long runs.
        for (var g = 0; g < groups;)
        {
            var (image, pixel) = Place(first + g);
            var whole = Math.Min(groups - g, (shape.Pixels - pixel) / Group);
            if (whole > 0)
                CopyGroups(input + (nint)image * shape.Cin * shape.Pixels + pixel, shape.Cin, shape.Pixels, whole, work + g * step, step);
            g += Math.Max(1, whole);
        }
        var buffer = work + strip * step;
        for (var g = 0; g < groups; g++)
        {
            var (image, pixel) = Place(first + g);
            if (pixel + Group <= shape.Pixels)
            {
                Products(work + g * step, Factors, row, shape.Cin, shape.Cout, Biases,
                    output + (nint)image * shape.Cout * shape.Pixels + pixel, shape.Pixels);
                continue;
            }
            Products(work + g * step, Factors, row, shape.Cin, blocks * Channels, Biases, buffer, Group);
            WriteParts(image, pixel, buffer);
        }
    }

    (int Image, int Pixel) Place(int group)
    {
        var (image, pixel) = Math.DivRem((long)group * Group, shape.Pixels);
        return ((int)image, (int)pixel);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void CopyGroups(float* from, int channels, nint plane, int groups, float* to, nint step)
    {
        for (var c = 0; c < channels; c++, from += plane, to += Vectors * TLanes.Count)
        {
            float* source = from, target = to;
            for (var g = 0; g < groups; g++, source += Vectors * TLanes.Count, target += step)
            {
                TLanes.Store(TLanes.Load(source), target);
                TLanes.Store(TLanes.Load(source + TLanes.Count), target + TLanes.Count);
                TLanes.Store(TLanes.Load(source + 2 * TLanes.Count), target + 2 * TLanes.Count);
            }
        }
    }

    // A group that ends beyond its image's last pixel holds pixels of more images, or of none.
    void CopyParts(int image, int pixel, float* to)
    {
        for (var lane = 0; lane < Group; image++, pixel = 0)
        {
            var run = Math.Min(Group - lane, shape.Pixels - pixel);
            var from = input + (nint)image * shape.Cin * shape.Pixels + pixel;
            for (var c = 0; c < shape.Cin; c++, from += shape.Pixels)
                for (var k = 0; k < run; k++)
                    to[c * Group + lane + k] = image < shape.Images ? from[k] : 0;
            lane += run;
        }
    }

    void WriteParts(int image, int pixel, float* from)
    {
        for (var lane = 0; lane < Group && image < shape.Images; image++, pixel = 0)
        {
            var run = Math.Min(Group - lane, shape.Pixels - pixel);
            var to = output + (nint)image * shape.Cout * shape.Pixels + pixel;
            for (var c = 0; c < shape.Cout; c++, to += shape.Pixels)
                for (var k = 0; k < run; k++)
                    to[k] = from[c * Group + lane + k];
            lane += run;
        }
    }

    /// <summary>Sums over input channels for blocks of output channels and a group of pixels.</summary>
    /// <param name="pixels">[terms] of three vectors.</param>
    /// <param name="weights">[terms] of the first output channel.</param>
    /// <param name="row">Numbers from an output channel's weights to the next one's.</param>
    /// <param name="terms">Input channels.</param>
    /// <param name="channels">Output channels.</param>
    /// <param name="bias">Of each output channel.</param>
    /// <param name="to">Receives three vectors of each.</param>
    /// <param name="plane">Numbers from one output channel to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Products(float* pixels, float* weights, nint row, int terms, int channels, float* bias, float* to, nint plane)
    {
        var nowhere = stackalloc float[Vectors * 16];
        var rows = 2 * row;
        for (; channels > 0; channels -= Channels, weights += Channels * row, bias += Channels, to += Channels * plane)
        {
            TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, f0, f1, f2, g0, g1, g2, h0, h1, h2;
            a0 = a1 = a2 = TLanes.All(bias[0]);
            b0 = b1 = b2 = TLanes.All(bias[1]);
            c0 = c1 = c2 = TLanes.All(bias[2]);
            d0 = d1 = d2 = TLanes.All(bias[3]);
            e0 = e1 = e2 = TLanes.All(IsLong ? bias[4] : 0);
            f0 = f1 = f2 = TLanes.All(IsLong ? bias[5] : 0);
            g0 = g1 = g2 = TLanes.All(IsLong ? bias[6] : 0);
            h0 = h1 = h2 = TLanes.All(IsLong ? bias[7] : 0);
            float* near = weights, middle = weights + rows, far = middle + rows, last = far + rows, end = weights + terms, x = pixels;
            for (; near < end; near++, middle++, far++, last++, x += Vectors * TLanes.Count)
            {
                var (p, q, r) = (TLanes.Load(x), TLanes.Load(x + TLanes.Count), TLanes.Load(x + 2 * TLanes.Count));
                Add(*near, p, q, r, ref a0, ref a1, ref a2);
                Add(near[row], p, q, r, ref b0, ref b1, ref b2);
                Add(*middle, p, q, r, ref c0, ref c1, ref c2);
                Add(middle[row], p, q, r, ref d0, ref d1, ref d2);
                if (IsLong)
                {
                    Add(*far, p, q, r, ref e0, ref e1, ref e2);
                    Add(far[row], p, q, r, ref f0, ref f1, ref f2);
                    Add(*last, p, q, r, ref g0, ref g1, ref g2);
                    Add(last[row], p, q, r, ref h0, ref h1, ref h2);
                }
            }
            Store(a0, a1, a2, to);
            Store(b0, b1, b2, channels > 1 ? to + plane : nowhere);
            Store(c0, c1, c2, channels > 2 ? to + 2 * plane : nowhere);
            Store(d0, d1, d2, channels > 3 ? to + 3 * plane : nowhere);
            if (IsLong)
            {
                Store(e0, e1, e2, channels > 4 ? to + 4 * plane : nowhere);
                Store(f0, f1, f2, channels > 5 ? to + 5 * plane : nowhere);
                Store(g0, g1, g2, channels > 6 ? to + 6 * plane : nowhere);
                Store(h0, h1, h2, channels > 7 ? to + 7 * plane : nowhere);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add(float weight, TVector p, TVector q, TVector r, ref TVector a, ref TVector b, ref TVector c)
    {
        var k = TLanes.All(weight);
        a = TLanes.MultiplyAdd(k, p, a);
        b = TLanes.MultiplyAdd(k, q, b);
        c = TLanes.MultiplyAdd(k, r, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(TVector a, TVector b, TVector c, float* to)
    {
        TLanes.Store(a, to);
        TLanes.Store(b, to + TLanes.Count);
        TLanes.Store(c, to + 2 * TLanes.Count);
    }
}
