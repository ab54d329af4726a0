using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>ONNX's RoiAlign: each region of an image as an image of one size (He et al., ICCV 2017).</summary>
/// <param name="HalfPixel">Whether a pixel's centre lies at half a pixel.</param>
/// <param name="IsMax">Whether the largest part of a cell's samples counts, not their mean.</param>
/// <param name="Scale">The image's pixels for one of the regions' units.</param>
/// <param name="Ratio">Samples along each side of a cell; 0 for one for each pixel.</param>
/// <param name="Height">Rows of the result.</param>
/// <param name="Width">Its columns.</param>
sealed record RegionSampling(bool HalfPixel, bool IsMax, double Scale, int Ratio, int Height, int Width)
{
    // Bounds the time of one node; real networks come nowhere near.
    const double MostSamples = 1L << 32;

    public static RegionSampling Read(NodeAttributes a) => new(
        a.Text("coordinate_transformation_mode", a.Opset < 16 ? "output_half_pixel" : "half_pixel") == "half_pixel",
        a.Text("mode", "avg") == "max", a.Float("spatial_scale", 1), (int)a.Int("sampling_ratio", 0), (int)a.Int("output_height", 1),
        (int)a.Int("output_width", 1));

    public Value Sample(Call c)
    {
        var (x, rois, batches) = (c[0], c[1], c.Ints(2, "batch indices"));
        if (x.Rank != 4 || rois.Rank != 2 || rois.Shape[1] != 4 || batches.Length != rois.Shape[0])
            throw c.Refuse($"images {x}, regions {rois} and {batches.Length} batch indices do not fit each other");
        var (channels, rows, columns, image) = (x.Shape[1], x.Shape[2], x.Shape[3], x.ToDoubles());
        int[] shape = [rois.Shape[0], channels, Height, Width];
        var to = c.Doubles(shape);
        var (samples, cells, area) = (new List<Corners>(), Height * Width, rows * columns);
        var regions = Enumerable.Range(0, shape[0]).Select(k => Of(rois, k)).ToArray();
        if (regions.Sum(r => (double)r.Down * r.Across) * cells * channels is var all && !(all <= MostSamples))
            throw c.Refuse($"{all:g3} samples of regions {rois} are more than the {MostSamples:g3} supported");
        for (var k = 0; k < regions.Length; k++)
        {
            var first = SelectionRules.Index(c, batches[k], x.Shape[0]) * channels;
            for (var cell = 0; cell < cells; cell++)
            {
                Places(regions[k], cell, rows, columns, samples);
                for (var channel = 0; channel < channels; channel++)
                    to[(((k * channels) + channel) * cells) + cell] = Cell(image.AsSpan((first + channel) * area, area), samples);
            }
        }
        return new Value(x.Type, shape, to);
    }

    Region Of(Value rois, int k)
    {
        var shift = HalfPixel ? 0.5 : 0;
        var (left, top) = ((rois[4 * k] * Scale) - shift, (rois[(4 * k) + 1] * Scale) - shift);
        var (w, h) = ((rois[(4 * k) + 2] * Scale) - shift - left, (rois[(4 * k) + 3] * Scale) - shift - top);
        if (!HalfPixel)
            (w, h) = (Math.Max(w, 1), Math.Max(h, 1));
        var (cellHeight, cellWidth) = (h / Height, w / Width);
        return new(top, left, cellHeight, cellWidth, Ratio > 0 ? Ratio : (int)Math.Max(0, Math.Ceiling(cellHeight)),
            Ratio > 0 ? Ratio : (int)Math.Max(0, Math.Ceiling(cellWidth)));
    }

    void Places(in Region region, int cell, int rows, int columns, List<Corners> samples)
    {
        samples.Clear();
        var (row, column) = (cell / Width, cell % Width);
        for (var i = 0; i < region.Down; i++)
            for (var j = 0; j < region.Across; j++)
                samples.Add(Corners.Around(
                    region.Top + (row * region.CellHeight) + ((i + 0.5) * region.CellHeight / region.Down),
                    region.Left + (column * region.CellWidth) + ((j + 0.5) * region.CellWidth / region.Across), rows, columns));
    }

    double Cell(ReadOnlySpan<double> plane, List<Corners> samples)
    {
        double sum = 0, most = double.NegativeInfinity;
        foreach (var at in samples)
            if (IsMax)
                most = Math.Max(most, at.Largest(plane));
            else
                sum += at.Sum(plane);
        return !IsMax ? sum / Math.Max(samples.Count, 1) : double.IsInfinity(most) ? 0 : most;
    }

    readonly record struct Region(double Top, double Left, double CellHeight, double CellWidth, int Down, int Across);

    // The four pixels around a place and their weights; all 0 outside the image.
    readonly record struct Corners(int A, int B, int C, int D, double P, double Q, double R, double S)
    {
        public static Corners Around(double y, double x, int rows, int columns)
        {
            if (!(y >= -1 && y <= rows && x >= -1 && x <= columns) || rows == 0 || columns == 0)
                return default;
            (y, x) = (Math.Max(y, 0), Math.Max(x, 0));
            var (top, left) = (Math.Min((int)y, rows - 1), Math.Min((int)x, columns - 1));
            var (bottom, right) = (Math.Min(top + 1, rows - 1), Math.Min(left + 1, columns - 1));
            var (py, px) = (top == rows - 1 ? 0 : y - top, left == columns - 1 ? 0 : x - left);
            return new((top * columns) + left, (top * columns) + right, (bottom * columns) + left, (bottom * columns) + right,
                (1 - py) * (1 - px), (1 - py) * px, py * (1 - px), py * px);
        }

        // A place outside reads no pixel: the image may have none.
        bool IsOutside => P == 0 && Q == 0 && R == 0 && S == 0;

        public double Sum(ReadOnlySpan<double> plane) =>
            IsOutside ? 0 : (P * plane[A]) + (Q * plane[B]) + (R * plane[C]) + (S * plane[D]);

        public double Largest(ReadOnlySpan<double> plane) => IsOutside ? 0
            : Math.Max(Math.Max(P * plane[A], Q * plane[B]), Math.Max(R * plane[C], S * plane[D]));
    }
}
