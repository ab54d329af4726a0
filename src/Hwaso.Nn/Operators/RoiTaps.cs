using System.Numerics;

namespace Hwaso.Nn;

/// <summary>
/// Which pixels a bin of a box averages and with which weights. Bilinear samples on a grid are products of an axis' weights and the
/// other's, and neighbouring samples share pixels: a bin is a few rows times a few columns.
/// </summary>
/// <param name="rois">R boxes of five numbers: the image, x1, y1, x2, y2.</param>
/// <param name="images">N.</param>
/// <param name="height">H.</param>
/// <param name="width">W.</param>
sealed class RoiTaps<T>(T[] rois, int images, int height, int width) where T : unmanaged, IFloatingPointIeee754<T>
{
    static readonly T half = T.CreateChecked(0.5);

    readonly List<int> places = [];
    readonly List<T> weights = [];
    int[] starts = [];

    public required T Scale { get; init; }

    public required (int Height, int Width) Bins { get; init; }

    public required int Sampling { get; init; }

    public required RoiAlignForm Form { get; init; }

    /// <summary>R.</summary>
    public int Count => rois.Length / 5;

    /// <summary>Rows and columns of pixels, bin after bin: of a box first those of its bins down, then across.</summary>
    public int[] Places { get; private set; } = [];

    /// <summary>Their weights; the rows' hold the division by the number of samples.</summary>
    public T[] Weights { get; private set; } = [];

    /// <summary>The number of taps, as a measure of the work.</summary>
    public long Work { get; private set; }

    /// <summary>The image of a box.</summary>
    public int Image(int roi) => int.CreateTruncating(rois[5 * roi]);

    /// <summary>Where the taps of a bin begin and end; bins down come first, then bins across.</summary>
    public (int First, int End) Of(int roi, int bin)
    {
        var at = roi * (Bins.Height + Bins.Width) + bin;
        return (starts[at], starts[at + 1]);
    }

    /// <summary>Works out every tap.</summary>
    /// <exception cref="ArgumentException">A box names an image that is not there.</exception>
    public void Locate()
    {
        starts = new int[Count * (Bins.Height + Bins.Width) + 1];
        var (bin, inside) = (0, Form == RoiAlignForm.Aligned ? half : T.Zero);
        var included = Form == RoiAlignForm.Inclusive ? T.One : T.Zero;
        for (var roi = 0; roi < Count; roi++)
        {
            var box = rois.AsSpan(5 * roi, 5);
            if (!(box[0] >= T.Zero) || box[0] >= T.CreateChecked(images))
                throw new ArgumentException($"box {roi} lies in image {box[0]}; 0 to {images - 1} were wanted");
            T left = box[1] * Scale - inside, top = box[2] * Scale - inside;
            T across = Side((box[3] + included) * Scale - inside - left), down = Side((box[4] + included) * Scale - inside - top);
            int rows = Samples(down, Bins.Height), columns = Samples(across, Bins.Width);
            var share = T.One / T.CreateChecked(Math.Max((long)rows * columns, 1));
            var before = places.Count;
            Axis(top, down, Bins.Height, rows, height, share, ref bin);
            var between = places.Count;
            Axis(left, across, Bins.Width, columns, width, T.One, ref bin);
            Work += (long)(between - before) * (places.Count - between);
        }
        (Places, Weights) = ([.. places], [.. weights]);
    }

    /// <summary>The pixels [N·H·W] and weights of every bin, and where each bin's begin.</summary>
    public (long[] Pixels, T[] Weights, long[] Starts) Flat()
    {
        var pixels = new long[Work];
        var shares = new T[Work];
        var begins = new long[Count * Bins.Height * Bins.Width];
        var (at, bin) = (0, 0);
        for (var roi = 0; roi < Count; roi++)
            for (var i = 0; i < Bins.Height; i++)
                for (var j = 0; j < Bins.Width; j++)
                {
                    begins[bin++] = at;
                    var (rows, columns) = (Of(roi, i), Of(roi, Bins.Height + j));
                    for (var y = rows.First; y < rows.End; y++)
                        for (var x = columns.First; x < columns.End; x++)
                        {
                            pixels[at] = ((long)Image(roi) * height + Places[y]) * width + Places[x];
                            shares[at++] = Weights[y] * Weights[x];
                        }
                }
        return (pixels, shares, begins);
    }

    T Side(T side) => Form switch
    {
        RoiAlignForm.Plain => T.Max(side, T.One),
        RoiAlignForm.Inclusive => T.Max(side, T.Zero),
        _ => side,
    };

    int Samples(T side, int bins) => Sampling > 0 ? Sampling : Math.Max(int.CreateSaturating(T.Ceiling(side / T.CreateChecked(bins))), 0);

    void Axis(T start, T side, int bins, int samples, int length, T share, ref int bin)
    {
        var step = side / T.CreateChecked(bins);
        for (var b = 0; b < bins; b++)
        {
            var first = places.Count;
            var from = start + T.CreateChecked(b) * step;
            if (T.IsFinite(from) && T.IsFinite(step))
            {
                var (begin, end) = Near(from, step, samples, length);
                for (var s = begin; s < end; s++)
                    Sample(from + (T.CreateChecked(s) + half) * step / T.CreateChecked(samples), length, share, first);
            }
            starts[++bin] = places.Count;
        }
    }

    /// <summary>The samples that can fall on the map; a box of a million pixels has as many others.</summary>
    static (int Begin, int End) Near(T from, T step, int samples, int length)
    {
        if (samples <= length || step == T.Zero)
            return (0, samples);
        var pitch = step / T.CreateChecked(samples);
        T one = (-T.One - from) / pitch, other = (T.CreateChecked(length) - from) / pitch;
        var (low, high) = one < other ? (one, other) : (other, one);
        return (Math.Max(int.CreateSaturating(low) - 4, 0), (int)Math.Min(int.CreateSaturating(high) + 4L, samples));
    }

    void Sample(T at, int length, T share, int first)
    {
        if (at < -T.One || at > T.CreateChecked(length))
            return;
        at = T.Max(at, T.Zero);
        var low = int.CreateTruncating(at);
        if (low >= length - 1)
        {
            Add(length - 1, share, first);
            return;
        }
        var part = at - T.CreateChecked(low);
        Add(low, (T.One - part) * share, first);
        Add(low + 1, part * share, first);
    }

    void Add(int place, T weight, int first)
    {
        for (var k = places.Count - 1; k >= first && k >= places.Count - 2; k--)
            if (places[k] == place)
            {
                weights[k] += weight;
                return;
            }
        places.Add(place);
        weights.Add(weight);
    }
}
