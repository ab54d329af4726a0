using Hwaso.Imaging;

namespace Hwaso.Inference.Tests;

/// <summary>Inference by scales, mirroring and windows as a formula in plain loops over double[channel][row, column].</summary>
static class PlainSegmenter
{
    /// <summary>Class scores at a size.</summary>
    public static double[][,] Scores(RgbImage image, Normalisation normalisation, Views options, bool alignCorners, int height, int width)
    {
        double[][,] x = [.. Enumerable.Range(0, 3).Select(c => Map(image.Height, image.Width, (i, j) =>
            (image.Pixels[(i * image.Width + j) * 3 + c] / 255.0 - normalisation.Mean[c]) / normalisation.Deviation[c]))];
        if (options.Size is { } size)
            x = Resize(x, size.Height, size.Width, false);
        if (options is { Scales: [1], Flip: false, Crop: null, LongSide: null, Sum: ViewSum.Softmax })
            return Resize(Network(x), height, width, alignCorners);
        var black = normalisation.Mean.Zip(normalisation.Deviation, (mean, deviation) => -mean / deviation).ToArray();
        var sum = Enumerable.Range(0, ProbeNet.K).Select(_ => new double[height, width]).ToArray();
        foreach (var scale in options.Scales)
        {
            var (rows, columns) = SizeOf(x[0].GetLength(0), x[0].GetLength(1), scale, options);
            var scaled = Resize(x, rows, columns, false);
            double[][,] Logits(double[][,] view) => Windows(view, options, scale, black, window =>
                Resize(Network(window), window[0].GetLength(0), window[0].GetLength(1), alignCorners));
            double[][,] Both(double[][,] view, Func<double[][,], double[][,]> ask) =>
                options.Flip ? [.. ask(view).Zip(Mirror(ask(Mirror(view))), (a, b) =>
                    Map(a.GetLength(0), a.GetLength(1), (i, j) => (a[i, j] + b[i, j]) / 2))] : ask(view);
            double[][,] Large(double[][,] scores) => Resize(scores, height, width, alignCorners);
            var one = options.Sum switch
            {
                ViewSum.Softmax => Softmax(Large(Both(scaled, Logits))),
                ViewSum.SoftmaxOfEach => Both(scaled, view => Softmax(Large(Logits(view)))),
                _ => Large(Windows(scaled, options, scale, black, window =>
                    [.. Both(window, w => Resize(Network(w), w[0].GetLength(0), w[0].GetLength(1), alignCorners))
                        .Select(l => Map(l.GetLength(0), l.GetLength(1), (i, j) => Math.Exp(l[i, j])))])),
            };
            for (var k = 0; k < ProbeNet.K; k++)
                sum[k] = Map(height, width, (i, j) => sum[k][i, j] + one[k][i, j]);
        }
        return sum;
    }

    /// <summary>
    /// The image's own size times the scale; or scaled so far that the long side, and the short one, are at most what they may be.
    /// </summary>
    static (int Rows, int Columns) SizeOf(int height, int width, double scale, Views options)
    {
        var factor = scale * (options.LongSide is { } side
            ? Math.Min((double)side / Math.Max(height, width), (options.ShortSide ?? double.MaxValue) / Math.Min(height, width)) : 1);
        return ((int)Math.Floor(height * factor + 0.5), (int)Math.Floor(width * factor + 0.5));
    }

    static double[][,] Softmax(double[][,] logits)
    {
        var (height, width) = (logits[0].GetLength(0), logits[0].GetLength(1));
        var total = Map(height, width, (i, j) => logits.Sum(l => Math.Exp(l[i, j])));
        return [.. logits.Select(l => Map(height, width, (i, j) => Math.Exp(l[i, j]) / total[i, j]))];
    }

    static double[][,] Windows(double[][,] image, Views options, double scale, double[] black, Func<double[][,], double[][,]> ask)
    {
        if (options.Crop is not { } crop || scale <= options.WholeUpTo)
            return ask(image);
        var (ownHeight, ownWidth) = (image[0].GetLength(0), image[0].GetLength(1));
        var x = !options.PadToCrop ? image : [.. image.Select((m, c) => Map(Math.Max(ownHeight, crop.Height),
            Math.Max(ownWidth, crop.Width), (i, j) => i < ownHeight && j < ownWidth ? m[i, j] : black[c]))];
        var (height, width) = (x[0].GetLength(0), x[0].GetLength(1));
        var (windowHeight, windowWidth) = (Math.Min(crop.Height, height), Math.Min(crop.Width, width));
        var (down, right) = options.Stride is { } s ? (s.Height, s.Width) : (crop.Height * 2 / 3, crop.Width * 2 / 3);
        var sum = Enumerable.Range(0, ProbeNet.K).Select(_ => new double[height, width]).ToArray();
        var count = new double[height, width];
        foreach (var top in Starts(height, windowHeight, down))
            foreach (var left in Starts(width, windowWidth, right))
            {
                double[][,] window = [.. x.Select(c => Map(windowHeight, windowWidth, (i, j) => c[top + i, left + j]))];
                var logits = ask(window);
                for (var i = 0; i < windowHeight; i++)
                    for (var j = 0; j < windowWidth; j++)
                    {
                        count[top + i, left + j]++;
                        for (var k = 0; k < ProbeNet.K; k++)
                            sum[k][top + i, left + j] += logits[k][i, j];
                    }
            }
        return [.. sum.Select(m => Map(ownHeight, ownWidth, (i, j) => m[i, j] / count[i, j]))];
    }

    /// <summary>0, step, 2·step, … while a window is not past the end, then the one that ends there.</summary>
    static int[] Starts(int length, int window, int step) =>
        [.. Enumerable.Range(0, length).Select(n => n * step).TakeWhile(at => at < length - window), length - window];

    static double[][,] Network(double[][,] x)
    {
        var (height, width) = (x[0].GetLength(0), x[0].GetLength(1));
        double[] mean = [.. x.Select(c => c.Cast<double>().Average())];
        return [.. Enumerable.Range(0, ProbeNet.K).Select(k => Map((height + 1) / 2, (width + 1) / 2, (i, j) =>
        {
            var sum = 0.0;
            for (var c = 0; c < 3; c++)
            {
                sum += ProbeNet.ContextAt(k, c) * mean[c];
                for (var t = 0; t < 3; t++)
                    if (2 * j + t - 1 is var at && at >= 0 && at < width)
                        sum += ProbeNet.TapAt(k, c, t) * x[c][2 * i, at];
            }
            return sum;
        }))];
    }

    static double[][,] Mirror(double[][,] x) =>
        [.. x.Select(m => Map(m.GetLength(0), m.GetLength(1), (i, j) => m[i, m.GetLength(1) - 1 - j]))];

    static double[][,] Resize(double[][,] x, int height, int width, bool alignCorners) => [.. x.Select(m => Map(height, width, (i, j) =>
    {
        var (i0, i1, v) = Between(i, m.GetLength(0), height, alignCorners);
        var (j0, j1, u) = Between(j, m.GetLength(1), width, alignCorners);
        return (1 - v) * ((1 - u) * m[i0, j0] + u * m[i0, j1]) + v * ((1 - u) * m[i1, j0] + u * m[i1, j1]);
    }))];

    static (int First, int Second, double Share) Between(int at, int from, int to, bool alignCorners)
    {
        var source = alignCorners ? (to > 1 ? at * (from - 1.0) / (to - 1) : 0) : Math.Max(0, (at + 0.5) * from / to - 0.5);
        var first = Math.Min((int)source, from - 1);
        return (first, Math.Min(first + 1, from - 1), source - first);
    }

    static double[,] Map(int height, int width, Func<int, int, double> value)
    {
        var map = new double[height, width];
        for (var i = 0; i < height; i++)
            for (var j = 0; j < width; j++)
                map[i, j] = value(i, j);
        return map;
    }
}
