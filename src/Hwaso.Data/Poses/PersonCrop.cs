using Hwaso.Data.Annotations;

namespace Hwaso.Data.Poses;

/// <summary>
/// The part of an image that a network sees of a person: centre and size, in single precision as the authors' code keeps them. Its unit of
/// size is 200 pixels.
/// </summary>
/// <param name="CenterX">The centre's x in pixels.</param>
/// <param name="CenterY">The centre's y.</param>
/// <param name="ScaleX">Width ÷ 200 pixels.</param>
/// <param name="ScaleY">Height ÷ 200 pixels.</param>
public readonly record struct PersonCrop(float CenterX, float CenterY, float ScaleX, float ScaleY)
{
    /// <summary>Pixels of a unit of size.</summary>
    public const float Unit = 200;

    /// <summary>The share by which a box is enlarged.</summary>
    public const float BoxPadding = 1.25f;

    /// <summary>Width times height in square pixels, in which OKS-NMS measures.</summary>
    public double Area => ScaleX * Unit * (ScaleY * Unit);

    /// <summary>The crop of a box: the box grown to the network's shape, then by a quarter.</summary>
    /// <param name="box">The box in pixels.</param>
    /// <param name="aspect">Width ÷ height of the network's input.</param>
    /// <param name="padding">The share by which it is enlarged.</param>
    public static PersonCrop OfBox(CocoBox box, double aspect, float padding = BoxPadding)
    {
        var (x, y) = ((float)(box.X + box.Width * 0.5), (float)(box.Y + box.Height * 0.5));
        return OfExtent(x, y, box.Width, box.Height, aspect, x == -1 ? 1 : padding);
    }

    /// <summary>
    /// The crop of an MPII annotation: 15 units of its scale lower, a quarter larger, square, and with pixels from 0.
    /// </summary>
    /// <param name="x">Its centre's x, from 1; −1 for none.</param>
    /// <param name="y">Its centre's y.</param>
    /// <param name="scale">Its size ÷ 200 pixels.</param>
    public static (double X, double Y, double Scale) OfMpii(double x, double y, double scale) =>
        x == -1 ? (x - 1, y - 1, scale) : (x - 1, y + 15 * scale - 1, scale * 1.25);

    /// <summary>The crop in an image of this width that was mirrored left to right.</summary>
    public PersonCrop Mirrored(int width) => this with { CenterX = width - CenterX - 1 };

    /// <summary>A size grown to a shape.</summary>
    internal static PersonCrop OfExtent(float x, float y, double width, double height, double aspect, float padding)
    {
        if (width > aspect * height)
            height = width / aspect;
        else if (width < aspect * height)
            width = height * aspect;
        return new PersonCrop(x, y, (float)(width / Unit) * padding, (float)(height / Unit) * padding);
    }
}
