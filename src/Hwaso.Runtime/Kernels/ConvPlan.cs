namespace Hwaso.Runtime.Kernels;

/// <summary>
/// How a convolution is cut into blocks that stay in the second-level cache: some rows of the image and some of its channels at a time.
/// A block's input is copied with its padding, the columns of different phases of a stride apart, so that every tap of the kernel
/// is a plain vector load at a fixed distance.
/// </summary>
sealed class ConvPlan
{
    const int BlockBytes = 256 << 10;

    public ConvPlan(in ConvShape shape, int lanes, int threads)
    {
        // Without rows, a plane is cut into pieces of any length.
        Flat = shape.IsPointwise;
        PlanePixels = shape.OutHeight * shape.OutWidth;
        var images = shape.Batch * shape.Groups;
        if (Flat)
        {
            var columns = Math.Max(4 * lanes, BlockBytes / 4 / Math.Max(shape.GroupCin, 64) / (2 * lanes) * (2 * lanes));
            var shared = (PlanePixels + (4 * threads / images)) / Math.Max(1, 4 * threads / images);
            columns = Math.Min(columns, Math.Max(4 * lanes, (shared + (2 * lanes) - 1) / (2 * lanes) * (2 * lanes)));
            (InHeight, InWidth, OutHeight, OutWidth) = (1, columns, (PlanePixels + columns - 1) / columns, columns);
            Rows = 1;
        }
        else
        {
            (InHeight, InWidth, OutHeight, OutWidth) = (shape.Height, shape.Width, shape.OutHeight, shape.OutWidth);
            var perThread = threads == 1 ? OutHeight : Math.Max(1, OutHeight * images / (4 * threads));
            Rows = Math.Clamp(perThread, 1, OutHeight);
        }
        Segments = (OutWidth + lanes - 1) / lanes;
        PhaseWidth = (Segments * lanes) + ((shape.KernelWidth - 1) * shape.DilationX / shape.StrideX) + 1;
        RowPitch = PhaseWidth * shape.StrideX;
        // Wide blocks copy fewer rows twice; below four rows it is the channels that are cut.
        while (Rows > 4 && PlaneOf(shape, Rows) * 4L * shape.GroupCin > BlockBytes)
            Rows--;
        Plane = PlaneOf(shape, Rows);
        Channels = Math.Clamp(BlockBytes / 4 / Plane, Math.Min(16, shape.GroupCin), shape.GroupCin);
        // Equal blocks of channels.
        var parts = (shape.GroupCin + Channels - 1) / Channels;
        Channels = (shape.GroupCin + parts - 1) / parts;
        RowBlocks = (OutHeight + Rows - 1) / Rows;

        Taps = new int[shape.Taps];
        for (var ky = 0; ky < shape.KernelHeight; ky++)
            for (var kx = 0; kx < shape.KernelWidth; kx++)
            {
                var (row, column) = (RowOfTap(shape, ky), kx * shape.DilationX);
                Taps[(ky * shape.KernelWidth) + kx] = (row * RowPitch) + (column % shape.StrideX * PhaseWidth) + (column / shape.StrideX);
            }
    }

    public bool Flat { get; }

    /// <summary>Pixels of an output plane.</summary>
    public int PlanePixels { get; }

    public int InHeight { get; }

    public int InWidth { get; }

    public int OutHeight { get; }

    public int OutWidth { get; }

    /// <summary>Output rows of a block.</summary>
    public int Rows { get; }

    public int RowBlocks { get; }

    /// <summary>Input channels of a block.</summary>
    public int Channels { get; }

    /// <summary>Vectors of an output row, the last one partly beyond its end.</summary>
    public int Segments { get; }

    /// <summary>Numbers between rows of the copy.</summary>
    public int RowPitch { get; }

    /// <summary>Numbers of one phase of a row.</summary>
    public int PhaseWidth { get; }

    /// <summary>Numbers between channels of the copy.</summary>
    public int Plane { get; }

    /// <summary>Where each tap's numbers lie, from the first one's.</summary>
    public int[] Taps { get; }

    /// <summary>Whether the rows of different taps do not overlap, as with wide dilation: then each tap has rows of its own.</summary>
    public bool RowsApart(in ConvShape shape) => RowsApart(shape, Rows);

    /// <summary>Input rows that one row of taps needs.</summary>
    public int RowsOfTap(in ConvShape shape) => RowsOfTap(shape, Rows);

    /// <summary>Rows of the copy.</summary>
    public int CopiedRows(in ConvShape shape) => CopiedRows(shape, Rows);

    int RowOfTap(in ConvShape shape, int ky) => RowsApart(shape) ? ky * RowsOfTap(shape) : ky * shape.DilationY;

    static int RowsOfTap(in ConvShape shape, int rows) => ((rows - 1) * shape.StrideY) + 1;

    static bool RowsApart(in ConvShape shape, int rows) => shape.DilationY > RowsOfTap(shape, rows);

    static int CopiedRows(in ConvShape shape, int rows) => RowsApart(shape, rows)
        ? shape.KernelHeight * RowsOfTap(shape, rows)
        : RowsOfTap(shape, rows) + ((shape.KernelHeight - 1) * shape.DilationY);

    int PlaneOf(in ConvShape shape, int rows)
    {
        var numbers = (CopiedRows(shape, rows) * (long)RowPitch + 15) & ~15L;
        if (numbers > 1 << 28)
            throw new ModelFormatException($"a {shape.KernelHeight}×{shape.KernelWidth} convolution", $"needs {numbers >> 20} Mi numbers of a row at a time; its image, stride or dilation is absurd");
        var plane = (int)numbers;
        // Planes a page apart would share the same few places of the first-level cache.
        return plane % 512 == 0 ? plane + 16 : plane;
    }
}
