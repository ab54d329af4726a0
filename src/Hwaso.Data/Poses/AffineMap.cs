using Hwaso.Common;

namespace Hwaso.Data.Poses;

/// <summary>An affine map of the plane: (x, y) to (Xx·x + Xy·y + X0, Yx·x + Yy·y + Y0), in double precision.</summary>
/// <param name="Xx">x from x.</param>
/// <param name="Xy">x from y.</param>
/// <param name="X0">x from nothing.</param>
/// <param name="Yx">y from x.</param>
/// <param name="Yy">y from y.</param>
/// <param name="Y0">y from nothing.</param>
public readonly record struct AffineMap(double Xx, double Xy, double X0, double Yx, double Yy, double Y0)
{
    /// <summary>Maps a point.</summary>
    public (double X, double Y) Map(double x, double y) => (Xx * x + Xy * y + X0, Yx * x + Yy * y + Y0);

    /// <summary>
    /// The map of an image's pixels to a crop's, as the authors' code makes it: three corners in single precision and the six equations
    /// between them. Only the crop's width sets the size; the crop is half a pixel off, which the shift of the flip test pays for.
    /// </summary>
    /// <param name="crop">The part of the image.</param>
    /// <param name="degrees">How far it is turned.</param>
    /// <param name="width">The crop's width in pixels.</param>
    /// <param name="height">The crop's height.</param>
    public static AffineMap Of(PersonCrop crop, double degrees, int width, int height) =>
        From(CropWarp.Map(crop.CenterX, crop.CenterY, crop.ScaleX * PersonCrop.Unit, degrees, width, height));

    /// <summary>The map back, solved with the corners exchanged, not by inverting the other.</summary>
    /// <inheritdoc cref="Of"/>
    public static AffineMap Back(PersonCrop crop, double degrees, int width, int height) =>
        From(CropWarp.MapBack(crop.CenterX, crop.CenterY, crop.ScaleX * PersonCrop.Unit, degrees, width, height));

    /// <summary>
    /// The map of unbiased data processing (UDP; Huang et al., CVPR 2020), between centres of the outermost pixels, in single precision as
    /// mmpose makes it. It turns the other way.
    /// </summary>
    /// <inheritdoc cref="Of"/>
    public static AffineMap Unbiased(PersonCrop crop, double degrees, int width, int height)
    {
        var (w, h) = ((double)(crop.ScaleX * PersonCrop.Unit), (double)(crop.ScaleY * PersonCrop.Unit));
        return Unbiased(crop.CenterX, crop.CenterY, w, h, degrees, width, height);
    }

    /// <summary>The same of a size in pixels.</summary>
    public static AffineMap Unbiased(double x, double y, double cropWidth, double cropHeight, double degrees, int width, int height) =>
        From(CropWarp.UnbiasedMap(x, y, cropWidth, cropHeight, degrees, width, height));

    /// <summary>The inverse; all 0 where there is none.</summary>
    public AffineMap Inverse() => From(CropWarp.Inverse(Numbers));

    internal double[] Numbers => [Xx, Xy, X0, Yx, Yy, Y0];

    static AffineMap From(double[] map) => new(map[0], map[1], map[2], map[3], map[4], map[5]);
}
