using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>Products of matrices, [M, K] · [K, N] for each of a batch, the right one possibly the same for all.</summary>
/// <remarks>Columns are what pixels are in a convolution, and K its input channels.</remarks>
sealed unsafe class MatMulKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int TileRows = ConvTile<TLanes, TVector>.Channels, BlockBytes = 256 << 10;

    readonly MatMulShape shape;
    readonly float* left, right, output;
    readonly Unary function;
    readonly int columns, blocks, pitch;
    readonly long copyBytes;

    /// <param name="shape">Sizes and order in memory.</param>
    /// <param name="left">The left matrices.</param>
    /// <param name="right">The right ones.</param>
    /// <param name="function">Applied at the end.</param>
    /// <param name="output">[batch, M, N].</param>
    /// <param name="threads">Threads that share the work.</param>
    public MatMulKernel(in MatMulShape shape, float* left, float* right, Unary function, float* output, int threads)
    {
        this.shape = shape;
        this.left = left;
        this.right = right;
        this.function = function;
        this.output = output;
        var pair = 2 * TLanes.Count;
        var share = Math.Max(1, 4 * threads / Math.Max(1, shape.Batch));
        columns = Math.Clamp(BlockBytes / 4 / Math.Max(shape.K, 1), pair, 1024);
        columns = Math.Max(pair, Math.Min(columns, (shape.N + share - 1) / share) / pair * pair);
        blocks = (shape.N + columns - 1) / columns;
        pitch = columns % 512 == 0 ? columns + 16 : columns;
        copyBytes = PinnedMemory.Whole((long)shape.K * pitch * sizeof(float));
        Items = shape.Batch * blocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => copyBytes + ((long)shape.K * TileRows * sizeof(float)) + PinnedMemory.Alignment;

    public override void Run(int item, byte* scratch)
    {
        var (batch, firstColumn) = (item / blocks, item % blocks * columns);
        var count = Math.Min(columns, shape.N - firstColumn);
        var a = left + (batch * shape.LeftStep);
        var b = right + (batch * shape.RightStep);
        var copy = (float*)scratch;
        for (var k = 0; k < shape.K; k++)
        {
            var to = copy + ((long)k * pitch);
            if (shape.RightTransposed)
                for (var n = 0; n < count; n++)
                    to[n] = b[((firstColumn + n) * (long)shape.K) + k];
            else
                new Span<float>(b + ((long)k * shape.N) + firstColumn, count).CopyTo(new Span<float>(to, count));
            new Span<float>(to + count, pitch - count).Clear();
        }
        var rows = (float*)(scratch + copyBytes);
        var sums = stackalloc TVector[ConvTile<TLanes, TVector>.Sums];
        var tap = 0;
        for (var m = 0; m < shape.M; m += TileRows)
        {
            var height = Math.Min(TileRows, shape.M - m);
            for (var k = 0; k < shape.K; k++)
                for (var r = 0; r < TileRows; r++)
                    rows[(k * TileRows) + r] = r >= height ? 0 : shape.LeftTransposed ? a[((long)k * shape.M) + m + r] : a[((m + r) * (long)shape.K) + k];
            for (var n = 0; n < count; n += 2 * TLanes.Count)
            {
                ConvTile<TLanes, TVector>.Run(copy + n, copy + n + TLanes.Count, rows, shape.K, pitch, &tap, 1, sums, first: true);
                for (var r = 0; r < height; r++)
                {
                    var to = output + (((batch * (long)shape.M) + m + r) * shape.N) + firstColumn + n;
                    for (var half = 0; half < 2; half++)
                        if (count - n - (half * TLanes.Count) is > 0 and var left)
                            Finish<TLanes, TVector>.Store(TLanes.Multiply(sums[(2 * r) + half], TLanes.All(shape.Scale)), TLanes.All(0), null, function, to + (half * TLanes.Count), left);
                }
            }
        }
    }
}
