namespace Hwaso.Runtime.Kernels;

/// <summary>
/// The places at which a deformable convolution reads its input: every tap of every output pixel is moved by an offset, read between pixels
/// and, where there is a mask, multiplied by it. What lies outside the image is 0 (Dai et al. 2017, Zhu et al. 2019).
/// </summary>
/// <param name="offset">[N, groups · taps · 2, OH, OW], down and then right of each tap, in pixels.</param>
/// <param name="mask">[N, groups · taps, OH, OW], or null.</param>
/// <param name="groups">Groups of input channels that have offsets of their own.</param>
sealed unsafe class ConvSampling(float* offset, float* mask, int groups)
{
    const int Corners = 4;

    /// <summary>Memory of the places of some output pixels.</summary>
    public static long Bytes(in ConvShape shape, long pixels) => pixels * shape.Taps * Corners * (sizeof(int) + sizeof(float));

    /// <summary>The group of offsets of an input channel.</summary>
    public int GroupOf(in ConvShape shape, int channel) => channel / (shape.Cin / groups);

    /// <summary>Works out the places of a block's output pixels, with the weights of the pixels around them, for all channels of a group.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="image">Which of the batch.</param>
    /// <param name="group">Which offsets.</param>
    /// <param name="firstRow">The block's first row.</param>
    /// <param name="firstColumn">The block's first column.</param>
    /// <param name="width">Columns of a row as the block counts them.</param>
    /// <param name="rowPixels">Pixels of a row of the block, those beyond the image's end included.</param>
    /// <param name="pixels">Pixels of the block.</param>
    /// <param name="corners">Where the four pixels around each place lie: [pixels][taps][4].</param>
    /// <param name="weights">What each of them weighs.</param>
    public void Locate(in ConvShape shape, int image, int group, int firstRow, int firstColumn, int width, int rowPixels, int pixels, int* corners, float* weights)
    {
        var plane = (nint)shape.OutHeight * shape.OutWidth;
        var first = ((nint)image * groups) + group;
        for (var k = 0; k < pixels; k++)
        {
            var (row, column) = (firstRow + (k / rowPixels), firstColumn + (k % rowPixels));
            var there = column < width;
            // A pointwise block counts all pixels as one row.
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
                var down = offset[(2 * number * plane) + at] + (y * shape.StrideY) - shape.Top + (tap / shape.KernelWidth * shape.DilationY);
                var right = offset[(((2 * number) + 1) * plane) + at] + (x * shape.StrideX) - shape.Left + (tap % shape.KernelWidth * shape.DilationX);
                Around(shape.Height, shape.Width, down, right, mask == null ? 1 : mask[(number * plane) + at], corners, weights);
            }
        }
    }

    /// <summary>Reads one channel at the places, into a panel for <see cref="ConvTile{TLanes, TVector}"/>.</summary>
    /// <param name="plane">The channel.</param>
    /// <param name="taps">Taps of the kernel.</param>
    /// <param name="lanes">Numbers in a vector.</param>
    /// <param name="vectors">Vectors of pixels; a pair's missing second one is a copy of the first.</param>
    /// <param name="corners">As worked out.</param>
    /// <param name="weights">As worked out.</param>
    /// <param name="to">The first pair's place.</param>
    /// <param name="pitch">Numbers between pairs.</param>
    public static void Lay(float* plane, int taps, int lanes, int vectors, int* corners, float* weights, float* to, nint pitch)
    {
        for (var vector = 0; vector < vectors; vector++)
        {
            var line = to + (vector / 2 * pitch) + (vector % 2 * lanes);
            for (var lane = 0; lane < lanes; lane++)
                for (var tap = 0; tap < taps; tap++, corners += Corners, weights += Corners)
                    line[(tap * 2 * lanes) + lane] =
                        (weights[0] * plane[corners[0]]) + (weights[1] * plane[corners[1]]) + (weights[2] * plane[corners[2]]) + (weights[3] * plane[corners[3]]);
        }
        if (vectors % 2 == 0)
            return;
        var last = to + (vectors / 2 * pitch);
        for (var tap = 0; tap < taps; tap++, last += 2 * lanes)
            new Span<float>(last, lanes).CopyTo(new Span<float>(last + lanes, lanes));
    }

    static void Around(int height, int width, float y, float x, float factor, int* corners, float* weights)
    {
        // A place that is no number is nowhere.
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
