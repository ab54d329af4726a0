namespace Hwaso.Runtime.Operators;

/// <summary>How a window moves over an image: the attributes that convolution and pooling share.</summary>
/// <param name="Kernel">Its height and width; empty where the weights say.</param>
/// <param name="Strides">Steps.</param>
/// <param name="Dilations">Steps within the window.</param>
/// <param name="Pads">Padding: top, left, bottom, right.</param>
/// <param name="Auto">NOTSET, VALID, SAME_UPPER or SAME_LOWER.</param>
/// <param name="Ceiling">Whether a window that begins within the image but does not fit counts too.</param>
sealed record Window(int[] Kernel, int[] Strides, int[] Dilations, int[] Pads, string Auto, bool Ceiling)
{
    // Beyond these, sizes would not fit 32 bits; no network comes near.
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
            throw attributes.Refuse("a kernel, stride or dilation of 0");
        return window.Auto is "NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER" ? window : throw attributes.Refuse($"auto_pad {window.Auto} is not supported");
    }

    /// <summary>Padding before and output size along an axis (0 rows, 1 columns).</summary>
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
            throw operands.Refuse($"an image of {size} {(axis == 0 ? "rows" : "columns")} is smaller than the window of {reach} after padding by {before} and {after}");
        var result = (room / stride) + 1;
        // A window of ONNX's (and PyTorch's) ceil_mode must begin in the image or the padding before it.
        if (Ceiling && room % stride != 0 && result * stride < size + before)
            result++;
        return (operands.Size(before), operands.Size(after), operands.Size(result));
    }
}
