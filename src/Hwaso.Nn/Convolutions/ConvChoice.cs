namespace Hwaso.Nn;

/// <summary>Which passes of a convolution our kernels compute; libtorch computes the others.</summary>
/// <param name="Output">Forward.</param>
/// <param name="Input">The gradient of the input.</param>
/// <param name="Weight">The gradient of the weights.</param>
readonly record struct ConvChoice(bool Output, bool Input, bool Weight)
{
    // With fewer tiles of 2×2 outputs, or weights that are used for few of them, transforms of weights and sums of short rows take as long
    // as what they save.
    const int FewestTiles = 64, MostWeightsPerTile = 384;

    // Products of matrices as large as this are as fast by libtorch; small ones take less time than what is around them.
    const int FewestOutputPixels = 1024, FewestPixels = 256, MostPointWeights = 1 << 15, MostNarrowChannels = 20;

    // Of stride 2. An image's three channels are too few for the transforms' work.
    const int FewestHalvingTiles = 96, FewestHalvingChannels = 8;

    const int FewestDepthwiseColumns = 32;

    public static ConvChoice Everything { get; } = new(true, true, true);

    /// <summary>Whether any.</summary>
    public bool IsAny => this != default;

    /// <summary>
    /// Where ours are faster by the measurements of docs/decisions/training-kernels.md. The shape alone decides, so that bits stay.
    /// </summary>
    public static ConvChoice Of(in TileShape shape)
    {
        var columns = (shape.Output.Width + 1) / 2;
        var tiles = (long)shape.Images * ((shape.Output.Height + 1) / 2) * columns;
        // Rows of stride 2 that leave much of their last vector unused take as long as longer ones.
        var weights = shape.Stride == 1
            ? tiles >= FewestTiles
            : tiles >= FewestHalvingTiles && shape.Cin >= FewestHalvingChannels && (columns + 7) / 8 * 80 <= columns * 11;
        var outputs = weights && (long)shape.Cin * shape.Cout <= MostWeightsPerTile * tiles;
        return new ConvChoice(outputs, outputs, weights);
    }

    /// <summary>The same of a 1×1 convolution.</summary>
    public static ConvChoice Of(in PointShape shape)
    {
        var pixels = (long)shape.Images * shape.Pixels;
        return new ConvChoice(pixels >= FewestOutputPixels && (long)shape.Cin * shape.Cout <= MostPointWeights,
            pixels >= FewestPixels, pixels >= FewestOutputPixels && Math.Min(shape.Cin, shape.Cout) <= MostNarrowChannels);
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
