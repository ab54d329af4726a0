namespace Hwaso.Nn.Boxes;

/// <summary>The size at which a detector sees an image: the short side as wanted, unless the long one would be too long.</summary>
/// <param name="form">Whose rounding.</param>
/// <param name="shortSide">The short side wanted, 800 as published.</param>
/// <param name="longSide">The longest side allowed, 1333 as published.</param>
public sealed class ResizeRule(BoxForm form, int shortSide = 800, int longSide = 1333)
{
    /// <summary>Padded sides are multiples of this many pixels.</summary>
    public const int Multiple = 32;

    /// <summary>
    /// Whether torchvision's factor is a quotient. In torchvision itself PyTorch divides a number by a tensor as the product with its
    /// reciprocal, which is at times another float and then a row or column more or less; lists of sizes are made by division.
    /// </summary>
    public bool Divides { get; init; }

    /// <summary>The size of an image.</summary>
    /// <param name="height">Its height as stored.</param>
    /// <param name="width">Its width as stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1.</exception>
    public ResizedSize Of(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        int shorter = Math.Min(height, width), longer = Math.Max(height, width);
        if (form == BoxForm.Torchvision)
        {
            // In single precision, and sizes are rounded down.
            double scale = MathF.Min(Quotient(shortSide, shorter), Quotient(longSide, longer));
            return new ResizedSize(scale, (int)Math.Floor(height * scale), (int)Math.Floor(width * scale), height, width);
        }
        var factor = Math.Min((double)longSide / longer, (double)shortSide / shorter);
        return new ResizedSize(factor, (int)(height * factor + 0.5), (int)(width * factor + 0.5), height, width);
    }

    float Quotient(int wanted, int side) => Divides ? wanted / (float)side : 1 / (float)side * wanted;
}

/// <summary>An image's size for a detector.</summary>
/// <param name="Scale">The factor before rounding.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="StoredHeight">Height of the image as stored.</param>
/// <param name="StoredWidth">Width of the image as stored.</param>
public sealed record ResizedSize(double Scale, int Height, int Width, int StoredHeight, int StoredWidth)
{
    /// <summary>Height with the zeros below.</summary>
    public int PaddedHeight => Padded(Height);

    /// <summary>Width with the zeros on the right.</summary>
    public int PaddedWidth => Padded(Width);

    /// <summary>Height over that of the stored image.</summary>
    public double ScaleY => (double)Height / StoredHeight;

    /// <summary>Width over that of the stored image.</summary>
    public double ScaleX => (double)Width / StoredWidth;

    static int Padded(int side) => (side + ResizeRule.Multiple - 1) / ResizeRule.Multiple * ResizeRule.Multiple;
}
