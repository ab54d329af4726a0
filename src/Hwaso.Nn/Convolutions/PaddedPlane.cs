namespace Hwaso.Nn;

/// <summary>
/// A channel with zeros around it. A row's columns lie in as many parts as the stride, by what their number leaves when divided by it, so
/// that what neighbouring outputs read is side by side.
/// </summary>
/// <param name="rows">Rows with those of the padding.</param>
/// <param name="columns">Columns with those of the padding.</param>
/// <param name="stride">Step.</param>
/// <param name="block">Outputs that are computed at once.</param>
readonly unsafe struct PaddedPlane(int rows, int columns, int stride, int block)
{
    // Blocks read beyond a row's end.
    readonly int part = (columns + stride - 1) / stride + block;

    public nint Numbers => (nint)rows * stride * part + block;

    /// <summary>Numbers from an output's row to the next one's.</summary>
    public nint Down => (nint)stride * stride * part;

    /// <summary>Numbers of a row of outputs, up to whole blocks.</summary>
    public int Line(int outputs) => (outputs + block - 1) / block * block;

    /// <summary>From where an output's first number lies to that of a tap.</summary>
    public nint Offset(int y, int x) => ((nint)y * stride + x % stride) * part + x / stride;

    public void Clear(float* padded) => new Span<float>(padded, (int)Numbers).Clear();

    /// <summary>Copies an image into it.</summary>
    /// <param name="from">The image.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="begin">The place of its first row and column.</param>
    /// <param name="apart">Distance of its rows and columns; 1 where the stride is more.</param>
    /// <param name="padded">The plane.</param>
    public void Fill(float* from, int height, int width, int begin, int apart, float* padded)
    {
        for (var y = 0; y < height; y++, from += width)
        {
            var row = padded + (nint)(begin + y * apart) * stride * part;
            if (stride == 1 && apart == 1)
                new ReadOnlySpan<float>(from, width).CopyTo(new Span<float>(row + begin, width));
            else if (stride == 1)
                for (int x = 0, column = begin; x < width; x++, column += apart)
                    row[column] = from[x];
            else
                for (var first = 0; first < Math.Min(stride, width); first++)
                {
                    var to = row + (begin + first) % stride * part + (begin + first) / stride;
                    for (var x = first; x < width; x += stride)
                        *to++ = from[x];
                }
        }
    }
}
