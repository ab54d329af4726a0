namespace Hwaso.Runtime.Operators;

/// <summary>How a window moves over an image: the attributes common to convolution and pooling.</summary>
/// <param name="Kernel">Its height and width; empty if the weights determine them.</param>
/// <param name="Strides">Pixels from one window to the next: rows, columns.</param>
/// <param name="Dilations">Pixels from one tap to the next: rows, columns.</param>
/// <param name="Pads">Padding: top, left, bottom, right.</param>
/// <param name="Auto">NOTSET, VALID, SAME_UPPER or SAME_LOWER.</param>
/// <param name="Ceiling">Whether the output size is rounded up (ceil_mode).</param>
sealed record Window(int[] Kernel, int[] Strides, int[] Dilations, int[] Pads, string Auto, bool Ceiling)
{
    // Larger values could overflow 32 bits; no network comes near.
    const int MostStride = 1024, MostDilation = 1 << 16, MostPadding = 1 << 16;

    public static Window Read(NodeAttributes attributes, bool hasDilation = true)
    {
        int[] kernel = attributes.Ints("kernel_shape") is null ? [] : attributes.Ints("kernel_shape", [0, 0], 1 << 12);
        var window = new Window(
            kernel,
            attributes.Ints("strides", [1, 1], MostStride),
            hasDilation ? attributes.Ints("dilations", [1, 1], MostDilation) : [1, 1],
            attributes.Ints("pads", [0, 0, 0, 0], MostPadding),
            attributes.Text("auto_pad", "NOTSET"),
            false);
        if (window.Strides.Contains(0) || window.Dilations.Contains(0) || kernel.Contains(0))
            throw attributes.Refuse("a kernel size, stride or dilation is 0");
        return window.Auto is "NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER"
            ? window
            : throw attributes.Refuse($"auto_pad {window.Auto} is not supported");
    }

    /// <summary>The padding before and after, and the output size, along an axis (0 rows, 1 columns).</summary>
    public (int Before, int After, int Size) Along(int axis, int size, int kernel, Operands operands)
    {
        var (stride, reach) = (Strides[axis], ((long)(kernel - 1) * Dilations[axis]) + 1);
        long before = Pads[axis], after = Pads[axis + 2];
        if (Auto == "VALID")
            before = after = 0;
        else if (Auto != "NOTSET")
        {
            var all = Math.Max(0, ((((long)size + stride - 1) / stride) - 1) * stride + reach - size);
            before = Auto == "SAME_UPPER" ? all / 2 : all - (all / 2);
            after = all - before;
        }
        var room = size + before + after - reach;
        if (room < 0)
        {
            var what = axis == 0 ? "rows" : "columns";
            throw operands.Refuse(
                $"an image of {size} {what} is smaller than the window of {reach} after padding by {before} and {after}");
        }
        var result = (room / stride) + 1;
        // With ceil_mode, ONNX and PyTorch count a last, partial window if it starts in the image or in the padding before it.
        if (Ceiling && room % stride != 0 && result * stride < size + before)
            result++;
        return (operands.Size(before), operands.Size(after), operands.Size(result));
    }
}
