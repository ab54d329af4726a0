namespace Hwaso.Runtime.Kernels;

/// <summary>A transposed convolution: every input pixel adds its multiple of the kernel to the output.</summary>
/// <param name="shape">The sizes of input and output; strides and padding are those of the convolution that it transposes.</param>
/// <param name="input">The images, [N, Cin, H, W].</param>
/// <param name="weights">[Cin, Cout/groups, KH, KW].</param>
/// <param name="bias">[Cout], or null.</param>
/// <param name="function">The function applied last.</param>
/// <param name="output">The result, [N, Cout, OH, OW].</param>
sealed unsafe class ConvTransposeKernel<TLanes, TVector>(ConvShape shape, float* input, float* weights, float* bias, Unary function,
    float* output) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public override int Items => shape.Batch * shape.Cout;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var (image, channel) = (item / shape.Cout, item % shape.Cout);
        var (group, within) = (channel / shape.GroupCout, channel % shape.GroupCout);
        var plane = output + (item * (long)shape.OutHeight * shape.OutWidth);
        var pixels = shape.OutHeight * shape.OutWidth;
        new Span<float>(plane, pixels).Fill(bias == null ? 0 : bias[channel]);
        for (var c = 0; c < shape.GroupCin; c++)
        {
            var source = input + (((image * (long)shape.Cin) + (group * shape.GroupCin) + c) * shape.Height * shape.Width);
            var w = weights + ((((group * (long)shape.GroupCin) + c) * shape.GroupCout) + within) * shape.Taps;
            for (var y = 0; y < shape.Height; y++)
                for (var ky = 0; ky < shape.KernelHeight; ky++)
                {
                    var row = (y * shape.StrideY) - shape.Top + (ky * shape.DilationY);
                    if (row < 0 || row >= shape.OutHeight)
                        continue;
                    for (var kx = 0; kx < shape.KernelWidth; kx++)
                        Spread(source + ((long)y * shape.Width), w[(ky * shape.KernelWidth) + kx], (kx * shape.DilationX) - shape.Left,
                            plane + ((long)row * shape.OutWidth));
                }
        }
        for (var k = 0; k < pixels; k += TLanes.Count)
            if (pixels - k >= TLanes.Count)
                TLanes.Store(UnaryMath<TLanes, TVector>.Apply(TLanes.Load(plane + k), function), plane + k);
            else
                for (var rest = k; rest < pixels; rest++)
                    plane[rest] = UnaryMath<Lanes1, float>.Apply(plane[rest], function);
    }

    void Spread(float* row, float weight, int shift, float* to)
    {
        // The input columns that reach an output column inside the image.
        var first = shift < 0 ? (-shift + shape.StrideX - 1) / shape.StrideX : 0;
        var end = Math.Min(shape.Width, (shape.OutWidth - shift + shape.StrideX - 1) / shape.StrideX);
        for (var x = first; x < end; x++)
            to[(x * shape.StrideX) + shift] += weight * row[x];
    }
}
