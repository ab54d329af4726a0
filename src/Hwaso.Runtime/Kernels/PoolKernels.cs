namespace Hwaso.Runtime.Kernels;

/// <summary>Max pooling: the maximum over the rows of a whole row of windows at once, then over the columns of each window.</summary>
/// <param name="shape">Images and windows, as of a depthwise convolution.</param>
/// <param name="input">The images.</param>
/// <param name="output">The result; -∞ for a window that lies in the padding.</param>
sealed unsafe class MaxPoolKernel<TLanes, TVector>(ConvShape shape, float* input, float* output) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Columns that a row of windows covers, padding included; the last vectors read beyond them.
    readonly long columns = ((shape.OutWidth - 1L) * shape.StrideX) + ((shape.KernelWidth - 1L) * shape.DilationX) + 1;

    public override int Items => shape.Batch * shape.Cin;

    public override long ScratchBytes => (columns + (2 * TLanes.Count)) * sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var plane = input + (item * (long)shape.Height * shape.Width);
        var to = output + (item * (long)shape.OutHeight * shape.OutWidth);
        var highest = (float*)scratch;
        new Span<float>(highest, checked((int)columns + (2 * TLanes.Count))).Fill(float.NegativeInfinity);
        var inside = (int)Math.Clamp(columns - shape.Left, 0, shape.Width);
        for (var y = 0; y < shape.OutHeight; y++, to += shape.OutWidth)
        {
            Rows(plane, (y * shape.StrideY) - shape.Top, highest + shape.Left, inside);
            Columns(highest, to);
        }
    }

    void Rows(float* plane, int top, float* highest, int count)
    {
        var any = false;
        for (var ky = 0; ky < shape.KernelHeight; ky++)
        {
            var y = top + (ky * shape.DilationY);
            if (y < 0 || y >= shape.Height)
                continue;
            var row = plane + ((long)y * shape.Width);
            if (any)
                Larger(row, highest, count);
            else
                new Span<float>(row, count).CopyTo(new Span<float>(highest, count));
            any = true;
        }
        if (!any)
            new Span<float>(highest, count).Fill(float.NegativeInfinity);
    }

    static void Larger(float* row, float* highest, int count)
    {
        var k = 0;
        for (; k + TLanes.Count <= count; k += TLanes.Count)
            TLanes.Store(TLanes.Max(TLanes.Load(highest + k), TLanes.Load(row + k)), highest + k);
        for (; k < count; k++)
            highest[k] = MathF.Max(highest[k], row[k]);
    }

    void Columns(float* highest, float* to)
    {
        var (x, lanes) = (0, TLanes.Count);
        if (shape.StrideX == 1)
            for (; x + lanes <= shape.OutWidth; x += lanes)
            {
                var most = TLanes.Load(highest + x);
                for (var kx = 1; kx < shape.KernelWidth; kx++)
                    most = TLanes.Max(most, TLanes.Load(highest + x + ((nint)kx * shape.DilationX)));
                TLanes.Store(most, to + x);
            }
        else if (shape.StrideX == 2)
            for (; x + lanes <= shape.OutWidth; x += lanes)
            {
                var from = highest + (2 * (nint)x);
                var most = TLanes.Even(TLanes.Load(from), TLanes.Load(from + lanes));
                for (var kx = 1; kx < shape.KernelWidth; kx++)
                {
                    var at = from + ((nint)kx * shape.DilationX);
                    most = TLanes.Max(most, TLanes.Even(TLanes.Load(at), TLanes.Load(at + lanes)));
                }
                TLanes.Store(most, to + x);
            }
        for (; x < shape.OutWidth; x++)
        {
            var from = highest + ((nint)x * shape.StrideX);
            var most = *from;
            for (var kx = 1; kx < shape.KernelWidth; kx++)
                most = MathF.Max(most, from[(nint)kx * shape.DilationX]);
            to[x] = most;
        }
    }
}

/// <summary>Average pooling.</summary>
/// <param name="shape">Images and windows, as of a depthwise convolution.</param>
/// <param name="countPadding">Whether the divisor counts the padding (ONNX's count_include_pad).</param>
/// <param name="bottom">Rows of padding below the image; the divisor does not count rows beyond them.</param>
/// <param name="right">Columns of padding right of the image; the divisor does not count columns beyond them.</param>
/// <param name="input">The images.</param>
/// <param name="output">The result.</param>
sealed unsafe class AveragePoolKernel(ConvShape shape, bool countPadding, int bottom, int right, float* input, float* output) : Kernel
{
    public override int Items => shape.Batch * shape.Cin;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var plane = input + (item * (long)shape.Height * shape.Width);
        var to = output + (item * (long)shape.OutHeight * shape.OutWidth);
        for (var y = 0; y < shape.OutHeight; y++)
            for (var x = 0; x < shape.OutWidth; x++)
                *to++ = Window(plane, (y * shape.StrideY) - shape.Top, (x * shape.StrideX) - shape.Left);
    }

    float Window(float* plane, int top, int left)
    {
        var (sum, count) = (0f, 0);
        for (var ky = 0; ky < shape.KernelHeight; ky++)
        {
            var y = top + (ky * shape.DilationY);
            for (var kx = 0; kx < shape.KernelWidth; kx++)
            {
                var x = left + (kx * shape.DilationX);
                if ((uint)y < (uint)shape.Height && (uint)x < (uint)shape.Width)
                {
                    sum += plane[((long)y * shape.Width) + x];
                    count++;
                }
                else if (countPadding && y < shape.Height + bottom && x < shape.Width + right)
                    count++;
            }
        }
        return sum / count;
    }
}
