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
}
