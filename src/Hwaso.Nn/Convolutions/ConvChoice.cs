using System.Runtime.Intrinsics;

namespace Hwaso.Nn;

/// <summary>Which passes of a convolution our kernels compute; libtorch computes the others.</summary>
/// <param name="Output">Forward.</param>
/// <param name="Input">The gradient of the input.</param>
/// <param name="Weight">The gradient of the weights.</param>
readonly record struct ConvChoice(bool Output, bool Input, bool Weight)
{
    const int FewestDepthwiseColumns = 32;

    public static ConvChoice Everything { get; } = new(true, true, true);

    /// <summary>
    /// Where ours are faster by the measurements of docs/decisions/training-kernels.md, with the processor's longest vectors. Shape and
    /// processor alone decide, so that bits stay.
    /// </summary>
    public static ConvChoice Of(in TileShape shape) => Of(shape, Vector512.IsHardwareAccelerated);

    /// <summary>The same with vectors of 16 numbers, or of fewer.</summary>
    public static ConvChoice Of(in TileShape shape, bool isLong)
    {
        var columns = (shape.Output.Width + 1) / 2;
        var tiles = (long)shape.Images * ((shape.Output.Height + 1) / 2) * columns;
        return (isLong, shape.Stride) switch
        {
            (true, 1) => LongOfStride1(shape, tiles),
            (true, _) => LongOfStride2(shape, tiles),
            (_, 1) => Short(shape, tiles, tiles >= 64),
            // Rows that leave much of their last vector unused take as long as longer ones. An image's three channels are too few for the
            // transforms' work.
            _ => Short(shape, tiles, tiles >= 96 && shape.Cin >= 8 && (columns + 7) / 8 * 80 <= columns * 11),
        };
    }

    // With fewer tiles of 2×2 outputs, or weights that are used for few of them, transforms of weights and sums of short rows take as long
    // as what they save.
    static ConvChoice Short(in TileShape shape, long tiles, bool isEnough)
    {
        var outputs = isEnough && (long)shape.Cin * shape.Cout <= 384 * tiles;
        return new ConvChoice(outputs, outputs, isEnough);
    }

    // Many weights are read once for all tiles of a strip.
    static ConvChoice LongOfStride1(in TileShape shape, long tiles)
    {
        var outputs = tiles >= 32 && (long)shape.Cin * shape.Cout <= 4096 * tiles;
        return new ConvChoice(outputs, outputs, tiles >= 128);
    }

    // libtorch's gradient of weights takes blocks of 16 channels: it is as fast where channels fill them.
    static ConvChoice LongOfStride2(in TileShape shape, long tiles)
    {
        var (outputs, inputs) = (tiles >= 96, tiles >= 96 && shape.Cin >= 8);
        return new ConvChoice(outputs, inputs, inputs && (shape.Cin % 16 != 0 || shape.Cout % 16 != 0));
    }

    /// <summary>The same of a 1×1 convolution.</summary>
    public static ConvChoice Of(in PointShape shape) => Of(shape, Vector512.IsHardwareAccelerated);

    /// <summary>The same with vectors of 16 numbers, or of fewer.</summary>
    public static ConvChoice Of(in PointShape shape, bool isLong)
    {
        var pixels = (long)shape.Images * shape.Pixels;
        // Large products of matrices are as fast by libtorch with short vectors; small ones take less time than what is around them.
        return isLong
            ? new ConvChoice(pixels >= 256, pixels >= 256, pixels >= 256)
            : new ConvChoice(pixels >= 1024 && (long)shape.Cin * shape.Cout <= 1 << 15,
                pixels >= 256, pixels >= 1024 && Math.Min(shape.Cin, shape.Cout) <= 20);
    }

    /// <summary>The same of one that is unfolded.</summary>
    public static ConvChoice Of(in UnfoldedShape shape) => Of(shape, Vector512.IsHardwareAccelerated);

    /// <summary>The same with vectors of 16 numbers, or of fewer.</summary>
    public static ConvChoice Of(in UnfoldedShape shape, bool isLong)
    {
        const long FewestMultiplyAdds = 1 << 24;
        // libtorch fills blocks of 16 channels, of which an image has 3 and a group of a ResNeXt 4. Shorter vectors were not measured.
        var isLarge = isLong && shape.MultiplyAdds >= FewestMultiplyAdds;
        return new ConvChoice(false, isLarge && shape.Groups == 1 && shape.Cin < 8, isLarge && shape.Groups > 1 && shape.Channels <= 4);
    }

    /// <summary>The same of a convolution of each channel by itself.</summary>
    public static ConvChoice Of(in DepthwiseShape shape)
    {
        if (shape.Kernel == 1)
            return default;
        // libtorch is far slower where a kernel is large or dilated; a narrow row leaves much of a block of vectors unused.
        var (wide, large) = (shape.Columns >= FewestDepthwiseColumns, shape.Kernel > 3 || shape.Dilation > 1);
        return new ConvChoice(wide, wide || large, wide || large);
    }
}
