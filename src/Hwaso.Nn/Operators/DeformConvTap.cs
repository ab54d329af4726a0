using System.Numerics;

namespace Hwaso.Nn;

/// <summary>Where one point of the kernel falls for one output pixel: four corners and the place between them.</summary>
struct DeformConvTap<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>The row of a point with no part of it in the image.</summary>
    public const int Nowhere = -2;

    /// <summary>The row of the upper corners, from -1.</summary>
    public int Row;

    /// <summary>The pixels above left, above right, below left, below right; the image's pixel count, where a zero stands, for one outside it.</summary>
    public int AboveLeft, AboveRight, BelowLeft, BelowRight;

    /// <summary>How far below the upper and right of the left corners, 0 to 1, and what modulates the sample.</summary>
    public T Down, Right, Mask;

    /// <summary>A point at a height and width, of an image with a zero behind its last pixel.</summary>
    public DeformConvTap(T y, T x, T mask, int height, int width)
    {
        var nothing = height * width;
        Mask = mask;
        // Exactly -1 weighs nothing in the image yet has a slope into it, which training from zero offsets and padding needs.
        if (!(y >= T.NegativeOne && x >= T.NegativeOne && y < T.CreateTruncating(height) && x < T.CreateTruncating(width)))
        {
            Row = Nowhere;
            AboveLeft = AboveRight = BelowLeft = BelowRight = nothing;
            // An offset that is no number must not turn into a plausible zero.
            Down = Right = T.IsNaN(y) || T.IsNaN(x) ? T.NaN : T.Zero;
            return;
        }
        T top = T.Floor(y), left = T.Floor(x);
        (Down, Right) = (y - top, x - left);
        Row = int.CreateTruncating(top);
        var column = int.CreateTruncating(left);
        var first = Row * width + column;
        bool above = Row >= 0, below = Row + 1 < height, before = column >= 0, after = column + 1 < width;
        AboveLeft = above && before ? first : nothing;
        AboveRight = above && after ? first + 1 : nothing;
        BelowLeft = below && before ? first + width : nothing;
        BelowRight = below && after ? first + width + 1 : nothing;
    }
}
