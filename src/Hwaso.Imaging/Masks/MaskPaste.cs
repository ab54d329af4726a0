namespace Hwaso.Imaging.Masks;

/// <summary>How a head's small mask is laid into its box.</summary>
public enum MaskPasting
{
    /// <summary>The HRNet authors': the box in whole pixels, its last pixel included.</summary>
    Authors,

    /// <summary>mmdetection's: sampled at the centres of the image's pixels.</summary>
    Mmdetection,

    /// <summary>torchvision's: with a border of one pixel of zeros around the mask, and the box grown with it.</summary>
    Torchvision,
}

/// <summary>Lays the masks of a mask head into images. He et al., ICCV 2017, section 3.1.</summary>
public static class MaskPaste
{
    /// <summary>Probabilities over a whole image, row by row; zero outside the box.</summary>
    /// <param name="form">How.</param>
    /// <param name="mask">side × side probabilities.</param>
    /// <param name="side">Rows and columns of the mask, 28 as published.</param>
    /// <param name="left">The box's left edge.</param>
    /// <param name="top">Its upper edge.</param>
    /// <param name="right">Its right edge.</param>
    /// <param name="lower">Its lower edge.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <exception cref="ArgumentException">The mask is not square, or the image has no pixel.</exception>
    public static float[] Over(
        MaskPasting form, ReadOnlySpan<float> mask, int side, float left, float top, float right, float lower, int height, int width)
    {
        if (side < 1 || mask.Length != side * side || height < 1 || width < 1)
            throw new ArgumentException(
                $"a mask of {mask.Length} numbers for {side}×{side}, over {height}×{width} pixels; sides of at least 1 were wanted");
        var image = new float[checked(height * width)];
        if (!(float.IsFinite(left) && float.IsFinite(top) && float.IsFinite(right) && float.IsFinite(lower)))
            return image;
        var border = form == MaskPasting.Torchvision ? 1 : 0;
        var padded = Padded(mask, side, border);
        side += 2 * border;
        if (form == MaskPasting.Torchvision)
        {
            var grown = (float)side / (side - 2);
            (left, right) = Grown(left, right, grown);
            (top, lower) = Grown(top, lower, grown);
        }
        var columns = Axis(form, left, right, side, width);
        var rows = Axis(form, top, lower, side, height);
        for (var y = rows.First; y < rows.End; y++)
            for (var x = columns.First; x < columns.End; x++)
            {
                var (up, down, part) = rows.At(y);
                var (west, east, share) = columns.At(x);
                image[y * width + x] = (1 - part) * ((1 - share) * Pixel(up, west) + share * Pixel(up, east))
                    + part * ((1 - share) * Pixel(down, west) + share * Pixel(down, east));
            }
        return image;

        float Pixel(int y, int x) => (uint)y < (uint)side && (uint)x < (uint)side ? padded[y * side + x] : 0;
    }

    static (float From, float To) Grown(float from, float to, float factor)
    {
        float half = (to - from) * 0.5f * factor, centre = (to + from) * 0.5f;
        return (centre - half, centre + half);
    }

    static float[] Padded(ReadOnlySpan<float> mask, int side, int border)
    {
        var wide = side + 2 * border;
        var padded = new float[wide * wide];
        for (var y = 0; y < side; y++)
            mask.Slice(y * side, side).CopyTo(padded.AsSpan((y + border) * wide + border));
        return padded;
    }

    static PasteAxis Axis(MaskPasting form, float from, float to, int side, int length)
    {
        if (form == MaskPasting.Mmdetection)
            return new PasteAxis(0, length, from, (to - from) / side, side, IsClamped: false);
        // Whole pixels, toward zero; the last one is inside.
        int first = Whole(from), last = Whole(to);
        var pixels = Math.Max((long)last - first + 1, 1);
        var end = (int)Math.Clamp(first + pixels, 0, length);
        return new PasteAxis(Math.Clamp(first, 0, length), end, first, (float)pixels / side, side, IsClamped: true);
    }

    static int Whole(float value) => (int)Math.Clamp(value, -1e9f, 1e9f);

    /// <summary>Where an image's pixels lie in a mask along one axis.</summary>
    readonly record struct PasteAxis(int First, int End, float Start, float PixelsEach, int Side, bool IsClamped)
    {
        public (int Low, int High, float Part) At(int pixel)
        {
            var place = (pixel - Start + 0.5f) / PixelsEach - 0.5f;
            if (IsClamped)
                place = Math.Clamp(place, 0, Side - 1);
            if (!(place > -2 && place < Side + 1))
                return (-1, -1, 0);
            var low = (int)MathF.Floor(place);
            return (low, IsClamped ? Math.Min(low + 1, Side - 1) : low + 1, place - low);
        }
    }
}
