namespace Hwaso.Runtime.Kernels;

/// <summary>The mean number of each window of a plane.</summary>
/// <param name="shape">Planes and windows: as a convolution that has a channel a group.</param>
/// <param name="countPadding">Whether the divisor counts the padding (ONNX's count_include_pad).</param>
/// <param name="bottom">Rows of padding at the end, which such a divisor reaches at most.</param>
/// <param name="right">Columns of padding at the end.</param>
/// <param name="input">The planes.</param>
/// <param name="output">The results.</param>
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
