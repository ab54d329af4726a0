namespace Hwaso.Runtime.Kernels;

/// <summary>
/// The positions at which a deformable convolution reads its input: an offset moves every tap of every output pixel, the value there is
/// interpolated and, if there is a mask, multiplied by it. Pixels outside the image are 0 (Dai et al. 2017, Zhu et al. 2019).
/// </summary>
/// <param name="offset">[N, groups · taps · 2, OH, OW]: for each tap, how far down and how far right, in pixels.</param>
/// <param name="mask">[N, groups · taps, OH, OW], or null.</param>
/// <param name="groups">The number of groups of input channels with their own offsets.</param>
sealed unsafe class ConvSampling(float* offset, float* mask, int groups)
{
    const int Corners = 4;

    /// <summary>Bytes that <see cref="Locate"/> writes for some output pixels.</summary>
    public static long Bytes(in ConvShape shape, long pixels) => pixels * shape.Taps * Corners * (sizeof(int) + sizeof(float));

    /// <summary>The offset group of an input channel.</summary>
    public int GroupOf(in ConvShape shape, int channel) => channel / (shape.Cin / groups);

    /// <summary>
    /// Computes the positions for a block of output pixels and one offset group, with the weights of the four pixels around each.
    /// </summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="image">The image in the batch.</param>
    /// <param name="group">The offset group.</param>
    /// <param name="firstRow">The block's first row.</param>
    /// <param name="firstColumn">The block's first column.</param>
    /// <param name="width">Columns per row, as the block counts them.</param>
    /// <param name="rowPixels">Pixels per row of the block, including those beyond the image.</param>
    /// <param name="pixels">Pixels in the block.</param>
    /// <param name="corners">Receives the offsets of the four pixels around each position: [pixels][taps][4].</param>
    /// <param name="weights">Receives the weight of each of them.</param>
    public void Locate(in ConvShape shape, int image, int group, int firstRow, int firstColumn, int width, int rowPixels, int pixels,
        int* corners, float* weights)
    {
        var plane = (nint)shape.OutHeight * shape.OutWidth;
        var first = ((nint)image * groups) + group;
        for (var k = 0; k < pixels; k++)
        {
            var (row, column) = (firstRow + (k / rowPixels), firstColumn + (k % rowPixels));
            var there = column < width;
            // A pointwise block treats the image as one row of all pixels.
            var at = ((nint)row * width) + column;
            var (y, x) = there ? ((int)(at / shape.OutWidth), (int)(at % shape.OutWidth)) : (0, 0);
            for (var tap = 0; tap < shape.Taps; tap++, corners += Corners, weights += Corners)
            {
                if (!there)
                {
                    new Span<int>(corners, Corners).Clear();
                    new Span<float>(weights, Corners).Clear();
                    continue;
                }
                var number = (first * shape.Taps) + tap;
                var down = offset[(2 * number * plane) + at] + (y * shape.StrideY) - shape.Top
                    + (tap / shape.KernelWidth * shape.DilationY);
                var right = offset[(((2 * number) + 1) * plane) + at] + (x * shape.StrideX) - shape.Left
                    + (tap % shape.KernelWidth * shape.DilationX);
                Around(shape.Height, shape.Width, down, right, mask == null ? 1 : mask[(number * plane) + at], corners, weights);
            }
        }
    }

    /// <summary>Reads one channel at the positions, into a panel for <see cref="ConvTile{TLanes, TVector}"/>.</summary>
    /// <param name="plane">The first pixel of the channel.</param>
    /// <param name="taps">The number of taps.</param>
    /// <param name="lanes">Numbers per vector.</param>
    /// <param name="vectors">Vectors of pixels. An odd last vector is paired with a copy of itself.</param>
    /// <param name="corners">From <see cref="Locate"/>.</param>
    /// <param name="weights">From <see cref="Locate"/>.</param>
    /// <param name="to">Where the first pair goes.</param>
    /// <param name="pitch">Numbers from one pair to the next.</param>
    public static void Lay(float* plane, int taps, int lanes, int vectors, int* corners, float* weights, float* to, nint pitch)
    {
        for (var vector = 0; vector < vectors; vector++)
        {
            var line = to + (vector / 2 * pitch) + (vector % 2 * lanes);
            for (var lane = 0; lane < lanes; lane++)
                for (var tap = 0; tap < taps; tap++, corners += Corners, weights += Corners)
                    line[(tap * 2 * lanes) + lane] =
                        (weights[0] * plane[corners[0]]) + (weights[1] * plane[corners[1]]) + (weights[2] * plane[corners[2]])
                        + (weights[3] * plane[corners[3]]);
        }
        if (vectors % 2 == 0)
            return;
        var last = to + (vectors / 2 * pitch);
        for (var tap = 0; tap < taps; tap++, last += 2 * lanes)
            new Span<float>(last, lanes).CopyTo(new Span<float>(last + lanes, lanes));
    }

    static void Around(int height, int width, float y, float x, float factor, int* corners, float* weights)
    {
        // Written so that a NaN counts as outside.
        if (!(y > -1 && y < height && x > -1 && x < width))
        {
            new Span<int>(corners, Corners).Clear();
            new Span<float>(weights, Corners).Clear();
            return;
        }
        var (top, left) = ((int)MathF.Floor(y), (int)MathF.Floor(x));
        var (down, right) = (y - top, x - left);
        Corner(top, left, (1 - down) * (1 - right), 0);
        Corner(top, left + 1, (1 - down) * right, 1);
        Corner(top + 1, left, down * (1 - right), 2);
        Corner(top + 1, left + 1, down * right, 3);

        void Corner(int row, int column, float weight, int k)
        {
            var inside = row >= 0 && row < height && column >= 0 && column < width;
            weights[k] = inside ? weight * factor : 0;
            corners[k] = inside ? (row * width) + column : 0;
        }
    }
}
