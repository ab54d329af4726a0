namespace Hwaso.Runtime.Kernels;

/// <summary>How images are sampled at positions in -1 … 1.</summary>
/// <param name="Linear">Whether values between pixels are interpolated; else the nearest pixel's is taken.</param>
/// <param name="Border">Whether positions outside take the nearest pixel's value; else they are 0.</param>
/// <param name="AlignCorners">Whether -1 and 1 are the centres of the outermost pixels; else their outer edges.</param>
readonly record struct GridSampling(bool Linear, bool Border, bool AlignCorners);

/// <summary>Samples images at given positions. The pixels around a run of positions are located once for all channels.</summary>
sealed unsafe class GridSampleKernel : Kernel
{
    // Positions per item: their corners and weights fit the first-level cache.
    const int RunLength = 64;
    const int Corners = 4;

    readonly GridSampling how;
    readonly int channels, height, width, places, runs;
    readonly float* input, grid, output;

    /// <param name="how">How values are sampled.</param>
    /// <param name="images">The number of images, N.</param>
    /// <param name="channels">The number of channels, C.</param>
    /// <param name="height">Rows of the input.</param>
    /// <param name="width">Columns of the input.</param>
    /// <param name="places">Positions per image.</param>
    /// <param name="input">The images, [N, C, H, W].</param>
    /// <param name="grid">The positions, [N, places, 2].</param>
    /// <param name="output">The result, [N, C, places].</param>
    public GridSampleKernel(GridSampling how, int images, int channels, int height, int width, int places, float* input, float* grid,
        float* output)
    {
        (this.how, this.channels, this.height, this.width, this.places) = (how, channels, height, width, places);
        this.input = input;
        this.grid = grid;
        this.output = output;
        runs = (places + RunLength - 1) / RunLength;
        Items = images * runs;
    }

    public override int Items { get; }

    public override long ScratchBytes => RunLength * Corners * (sizeof(float) + sizeof(int));

    public override void Run(int item, byte* scratch)
    {
        var (image, run) = Math.DivRem(item, runs);
        var (first, count) = (run * RunLength, Math.Min(RunLength, places - (run * RunLength)));
        var weights = (float*)scratch;
        var corners = (int*)(scratch + (RunLength * Corners * sizeof(float)));
        for (var k = 0; k < count; k++)
        {
            var at = grid + (2 * (((long)image * places) + first + k));
            Locate(at[0], at[1], corners + (Corners * k), weights + (Corners * k));
        }
        for (var c = 0; c < channels; c++)
        {
            var plane = ((long)image * channels) + c;
            var from = input + (plane * height * width);
            var to = output + (plane * places) + first;
            for (var k = 0; k < count; k++)
            {
                float* w = weights + (Corners * k);
                int* i = corners + (Corners * k);
                to[k] = how.Linear
                    ? (w[0] * from[i[0]]) + (w[1] * from[i[1]]) + (w[2] * from[i[2]]) + (w[3] * from[i[3]])
                    : w[0] * from[i[0]];
            }
        }
    }

    void Locate(float x, float y, int* corners, float* weights)
    {
        var (px, py) = (Pixel(x, width), Pixel(y, height));
        if (!how.Linear)
        {
            Corner(MathF.Round(px), MathF.Round(py), 1, corners, weights);
            return;
        }
        var (left, top) = (MathF.Floor(px), MathF.Floor(py));
        var (right, down) = (px - left, py - top);
        Corner(left, top, (1 - right) * (1 - down), corners, weights);
        Corner(left + 1, top, right * (1 - down), corners + 1, weights + 1);
        Corner(left, top + 1, (1 - right) * down, corners + 2, weights + 2);
        Corner(left + 1, top + 1, right * down, corners + 3, weights + 3);
    }

    // Written so that a NaN counts as outside.
    void Corner(float x, float y, float weight, int* corner, float* to)
    {
        var inside = x >= 0 && x < width && y >= 0 && y < height;
        *to = inside || how.Border ? weight : 0;
        *corner = inside ? ((int)y * width) + (int)x : 0;
    }

    float Pixel(float place, int side)
    {
        var pixel = how.AlignCorners ? (place + 1) / 2 * (side - 1) : (((place + 1) * side) - 1) / 2;
        return how.Border ? Math.Clamp(pixel, 0, side - 1) : pixel;
    }
}
