namespace Hwaso.Nn.Boxes;

/// <summary>The pixels of an object on an image: a bitmap of the part of the image that holds all of them.</summary>
/// <param name="Left">The part's left edge in pixels of the image.</param>
/// <param name="Top">Its upper edge.</param>
/// <param name="Width">Its columns.</param>
/// <param name="Height">Its rows.</param>
/// <param name="Bits">Width × Height values, row by row: 1 inside, 0 outside.</param>
public sealed record ObjectMask(int Left, int Top, int Width, int Height, byte[] Bits)
{
    /// <summary>1 inside the object, 0 elsewhere.</summary>
    public byte At(int x, int y) =>
        (uint)(x - Left) < (uint)Width && (uint)(y - Top) < (uint)Height ? Bits[(y - Top) * Width + x - Left] : (byte)0;
}

/// <summary>The small masks that a mask head learns: the part of an object's mask in a box, at the size of the head's answer.</summary>
public static class MaskTargets
{
    // OpenCV's weights of bilinear resizing are whole 2048ths.
    const int One = 2048;

    const float Half = 0.5f;

    /// <summary>
    /// Writes the target of a box by the conventions of a form: the HRNet authors crop whole pixels and resize the bitmap as OpenCV does
    /// bytes, mmdetection samples it as RoIAlign does and cuts at a half, torchvision samples it and keeps the shares.
    /// </summary>
    /// <param name="form">Whose conventions.</param>
    /// <param name="mask">The object's pixels on the image at the size at which the network sees it.</param>
    /// <param name="box">The box in the same pixels.</param>
    /// <param name="size">Height and width of the image; mmdetection's includes its padding.</param>
    /// <param name="side">Rows and columns of the target, 28 as published.</param>
    /// <param name="target">Gets side × side values in 0 … 1.</param>
    public static void Of(BoxForm form, ObjectMask mask, Box box, (int Height, int Width) size, int side, Span<float> target)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (form == BoxForm.Authors)
        {
            Resized(mask, box, size, side, target);
            return;
        }
        Sampled(form, mask, box, size, side, target);
        if (form == BoxForm.Mmdetection)
            foreach (ref var share in target)
                share = share >= Half ? 1 : 0;
    }

    static void Resized(ObjectMask mask, Box box, (int Height, int Width) size, int side, Span<float> target)
    {
        var (left, across) = Pixels(box.X1, box.X2, size.Width);
        var (top, down) = Pixels(box.Y1, box.Y2, size.Height);
        var (columns, rows) = (new Tap[side], new Tap[side]);
        for (var k = 0; k < side; k++)
        {
            columns[k] = Tap.Of(k, across, side, weighsBorder: false);
            rows[k] = Tap.Of(k, down, side, weighsBorder: true);
        }
        for (var y = 0; y < side; y++)
            for (var x = 0; x < side; x++)
            {
                var (row, column) = (rows[y], columns[x]);
                int upper = Across(top + row.First, column), lower = Across(top + row.Second, column);
                target[y * side + x] = ((upper * row.FirstWeight) >> 16) + ((lower * row.SecondWeight) >> 16) + 2 >> 2;
            }

        int Across(int y, Tap column) =>
            mask.At(left + column.First, y) * column.FirstWeight + mask.At(left + column.Second, y) * column.SecondWeight >> 4;
    }

    /// <summary>The first whole pixel of a box along an axis, and how many; at least one, none beyond the image.</summary>
    static (int First, int Count) Pixels(float from, float to, int length)
    {
        int first = Math.Clamp((int)from, 0, length - 1), last = Math.Clamp((int)to, first, length - 1);
        return (first, last - first + 1);
    }

    static void Sampled(BoxForm form, ObjectMask mask, Box box, (int Height, int Width) size, int side, Span<float> target)
    {
        var taps = new RoiTaps<float>([0, box.X1, box.Y1, box.X2, box.Y2], 1, size.Height, size.Width)
        {
            Scale = 1,
            Bins = (side, side),
            Sampling = 0,
            Form = form.Pooling,
        };
        taps.Locate();
        var line = new float[mask.Width];
        for (var y = 0; y < side; y++)
        {
            // The mask's rows weighted for this row of bins, then its columns for each bin.
            Array.Clear(line);
            var (first, end) = taps.Of(0, y);
            for (var k = first; k < end; k++)
            {
                var row = taps.Places[k] - mask.Top;
                if ((uint)row >= (uint)mask.Height)
                    continue;
                var weight = taps.Weights[k];
                var bits = mask.Bits.AsSpan(row * mask.Width, mask.Width);
                for (var x = 0; x < line.Length; x++)
                    line[x] += weight * bits[x];
            }
            for (var x = 0; x < side; x++)
            {
                var sum = 0f;
                (first, end) = taps.Of(0, side + x);
                for (var k = first; k < end; k++)
                    if (taps.Places[k] - mask.Left is var column && (uint)column < (uint)mask.Width)
                        sum += taps.Weights[k] * line[column];
                target[y * side + x] = sum;
            }
        }
    }

    /// <summary>Two neighbours along an axis and their weights, as OpenCV's INTER_LINEAR has them.</summary>
    readonly record struct Tap(int First, int Second, int FirstWeight, int SecondWeight)
    {
        public static Tap Of(int at, int source, int scaled, bool weighsBorder)
        {
            var centre = (float)((at + 0.5) * (1 / ((double)scaled / source)) - 0.5);
            var first = (int)MathF.Floor(centre);
            var share = centre - first;
            if (!weighsBorder && (first < 0 || first >= source - 1))
                return new Tap(first < 0 ? 0 : source - 1, first < 0 ? 0 : source - 1, One, 0);
            return new Tap(
                Math.Clamp(first, 0, source - 1), Math.Clamp(first + 1, 0, source - 1), (int)MathF.Round((1 - share) * One),
                (int)MathF.Round(share * One));
        }
    }
}
