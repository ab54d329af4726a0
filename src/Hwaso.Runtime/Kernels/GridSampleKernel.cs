using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>How images are sampled at positions in -1 … 1.</summary>
/// <param name="Linear">Whether values between pixels are interpolated; else the nearest pixel's is taken.</param>
/// <param name="Border">Whether positions outside take the nearest pixel's value; else they are 0.</param>
/// <param name="AlignCorners">Whether -1 and 1 are the centres of the outermost pixels; else their outer edges.</param>
readonly record struct GridSampling(bool Linear, bool Border, bool AlignCorners);

/// <summary>The sizes of a sampling.</summary>
/// <param name="Images">Images, N.</param>
/// <param name="Channels">Channels, C.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Places">Positions per image.</param>
readonly record struct GridShape(int Images, int Channels, int Height, int Width, int Places)
{
    public int Area => Height * Width;
}

/// <summary>Samples images at given positions. The pixels around a run of positions are located once for all channels.</summary>
/// <remarks>
/// Where there are about as many positions as pixels, an item first turns its image so that the channels of a pixel lie together: four
/// vectors are then read for each position and vector of channels, instead of four numbers for each position and channel.
/// </remarks>
sealed unsafe class GridSampleKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Positions per run: their corners and weights fit the first-level cache.
    const int RunLength = 64;
    const int Corners = 4;
    const long MostTurnedBytes = 4 << 20;

    readonly GridSampling how;
    readonly GridShape shape;
    readonly bool turns;
    readonly int runs, runsOfItem, pitch;
    readonly float* input, grid, output;

    /// <param name="how">How values are sampled.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">The images, [N, C, H, W].</param>
    /// <param name="grid">The positions, [N, places, 2].</param>
    /// <param name="output">The result, [N, C, places].</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public GridSampleKernel(GridSampling how, in GridShape shape, float* input, float* grid, float* output, int threads)
    {
        (this.how, this.shape) = (how, shape);
        this.input = input;
        this.grid = grid;
        this.output = output;
        runs = (shape.Places + RunLength - 1) / RunLength;
        pitch = (shape.Channels + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        turns = 2L * shape.Places >= shape.Area && (long)shape.Area * pitch * sizeof(float) <= MostTurnedBytes;
        // Each item that turns its image does so again.
        var splits = turns ? Math.Max(1, Math.Min(runs, (threads + shape.Images - 1) / Math.Max(1, shape.Images))) : runs;
        runsOfItem = splits == 0 ? 0 : (runs + splits - 1) / splits;
        Items = runsOfItem == 0 ? 0 : shape.Images * ((runs + runsOfItem - 1) / runsOfItem);
    }

    public override int Items { get; }

    public override long ScratchBytes => PlacesBytes + (turns ? TurnedBytes + ((long)RunLength * pitch * sizeof(float)) : 0);

    static long PlacesBytes => PinnedMemory.Whole(RunLength * Corners * (sizeof(float) + sizeof(int)));

    long TurnedBytes => PinnedMemory.Whole((long)shape.Area * pitch * sizeof(float));

    public override void Run(int item, byte* scratch)
    {
        var (image, part) = Math.DivRem(item, (runs + runsOfItem - 1) / runsOfItem);
        var weights = (float*)scratch;
        var corners = (int*)(scratch + (RunLength * Corners * sizeof(float)));
        var from = input + ((long)image * shape.Channels * shape.Area);
        var turned = (float*)(scratch + PlacesBytes);
        if (turns)
        {
            // Lanes without a channel must not keep numbers of an earlier kernel: denormal ones would be slow to multiply.
            if (pitch > shape.Channels)
                new Span<float>(turned, shape.Area * pitch).Clear();
            TransposeKernel.Square(from, shape.Area, turned, pitch, shape.Area, shape.Channels);
        }
        for (var run = part * runsOfItem; run < Math.Min(runs, (part + 1) * runsOfItem); run++)
        {
            var (first, count) = (run * RunLength, Math.Min(RunLength, shape.Places - (run * RunLength)));
            for (var k = 0; k < count; k++)
            {
                var at = grid + (2 * (((long)image * shape.Places) + first + k));
                Locate(at[0], at[1], corners + (Corners * k), weights + (Corners * k));
            }
            var to = output + ((long)image * shape.Channels * shape.Places) + first;
            if (turns)
            {
                var sums = (float*)(scratch + PlacesBytes + TurnedBytes);
                Sample(turned, corners, weights, count, sums);
                TransposeKernel.Square(sums, pitch, to, shape.Places, shape.Channels, count);
            }
            else
                for (var c = 0; c < shape.Channels; c++)
                    One(from + ((long)c * shape.Area), corners, weights, count, to + ((long)c * shape.Places));
        }
    }

    /// <summary>Samples all channels, which lie together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Sample(float* pixels, int* corners, float* weights, int count, float* to)
    {
        for (var k = 0; k < count; k++, corners += Corners, weights += Corners)
        {
            var (a, b, c, d) = (TLanes.All(weights[0]), TLanes.All(weights[1]), TLanes.All(weights[2]), TLanes.All(weights[3]));
            var p = pixels + ((long)corners[0] * pitch);
            var q = pixels + ((long)corners[1] * pitch);
            var r = pixels + ((long)corners[2] * pitch);
            var s = pixels + ((long)corners[3] * pitch);
            for (var x = 0; x < pitch; x += TLanes.Count, to += TLanes.Count)
            {
                var sum = TLanes.Multiply(a, TLanes.Load(p + x));
                sum = TLanes.MultiplyAdd(b, TLanes.Load(q + x), sum);
                sum = TLanes.MultiplyAdd(c, TLanes.Load(r + x), sum);
                TLanes.Store(TLanes.MultiplyAdd(d, TLanes.Load(s + x), sum), to);
            }
        }
    }

    static void One(float* plane, int* corners, float* weights, int count, float* to)
    {
        for (var k = 0; k < count; k++, corners += Corners, weights += Corners)
            to[k] = (weights[0] * plane[corners[0]]) + (weights[1] * plane[corners[1]]) + (weights[2] * plane[corners[2]])
                + (weights[3] * plane[corners[3]]);
    }

    void Locate(float x, float y, int* corners, float* weights)
    {
        var (px, py) = (Pixel(x, shape.Width), Pixel(y, shape.Height));
        if (!how.Linear)
        {
            new Span<float>(weights, Corners).Clear();
            new Span<int>(corners, Corners).Clear();
            Corner(MathF.Round(px), MathF.Round(py), 1, corners, weights);
            return;
        }
        var (left, top) = (MathF.Floor(px), MathF.Floor(py));
        var (right, down) = (px - left, py - top);
        if (left >= 0 && left < shape.Width - 1 && top >= 0 && top < shape.Height - 1)
        {
            var at = ((int)top * shape.Width) + (int)left;
            (corners[0], corners[1], corners[2], corners[3]) = (at, at + 1, at + shape.Width, at + shape.Width + 1);
            (weights[0], weights[1]) = ((1 - right) * (1 - down), right * (1 - down));
            (weights[2], weights[3]) = ((1 - right) * down, right * down);
            return;
        }
        Corner(left, top, (1 - right) * (1 - down), corners, weights);
        Corner(left + 1, top, right * (1 - down), corners + 1, weights + 1);
        Corner(left, top + 1, (1 - right) * down, corners + 2, weights + 2);
        Corner(left + 1, top + 1, right * down, corners + 3, weights + 3);
    }

    // Written so that a NaN counts as outside.
    void Corner(float x, float y, float weight, int* corner, float* to)
    {
        var inside = x >= 0 && x < shape.Width && y >= 0 && y < shape.Height;
        *to = inside || how.Border ? weight : 0;
        *corner = inside ? ((int)y * shape.Width) + (int)x : 0;
    }

    float Pixel(float place, int side)
    {
        var pixel = how.AlignCorners ? (place + 1) / 2 * (side - 1) : (((place + 1) * side) - 1) / 2;
        return how.Border ? Math.Clamp(pixel, 0, side - 1) : pixel;
    }
}
