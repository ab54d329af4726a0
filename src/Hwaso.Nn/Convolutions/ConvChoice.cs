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
    const int FewestOutputPixels = 1024, FewestPixels = 256, MostPointWeights = 1 << 15;

    // Of stride 2. An image's three channels are too few for the transforms' work.
    const int FewestHalvingTiles = 96, FewestHalvingChannels = 8;

    public static ConvChoice Everything { get; } = new(true, true, true);

    /// <summary>Whether any.</summary>
    public bool IsAny => this != default;

    /// <summary>
    /// Where ours are faster by the measurements of docs/decisions/training-kernels.md. The shape alone decides, so that bits stay.
    /// </summary>
    public static ConvChoice Of(in SameConvShape shape)
    {
        var tiles = (long)shape.Images * ((shape.Height + 1) / 2) * ((shape.Width + 1) / 2);
        var outputs = tiles >= FewestTiles && (long)shape.Cin * shape.Cout <= MostWeightsPerTile * tiles;
        return new ConvChoice(outputs, outputs, tiles >= FewestTiles);
    }

    /// <summary>The same of a 1×1 convolution.</summary>
    public static ConvChoice Of(in PointShape shape)
    {
        var pixels = (long)shape.Images * shape.Pixels;
        return new ConvChoice(pixels >= FewestOutputPixels && (long)shape.Cin * shape.Cout <= MostPointWeights,
            pixels >= FewestPixels, Weight: false);
    }

    /// <summary>The same of a 3×3 convolution of stride 2.</summary>
    public static ConvChoice Of(in HalvingShape shape)
    {
        var tiles = (long)shape.Images * ((shape.Output.Height + 1) / 2) * ((shape.Output.Width + 1) / 2);
        var weights = tiles >= FewestHalvingTiles && shape.Cin >= FewestHalvingChannels;
        var outputs = weights && (long)shape.Cin * shape.Cout <= MostWeightsPerTile * tiles;
        return new ConvChoice(outputs, outputs, weights);
    }
}
