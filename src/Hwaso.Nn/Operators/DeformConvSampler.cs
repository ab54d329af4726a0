using System.Numerics;

namespace Hwaso.Nn;

/// <summary>Samples an image that lies pixel by pixel at the offsets' positions, and scatters gradients back to them.</summary>
unsafe sealed class DeformConvSampler<T, TVector, TWide>(DeformConvGeometry g, DeformConvLayout layout, T* offset, T* mask)
    where T : unmanaged, IFloatingPointIeee754<T>
    where TVector : unmanaged
    where TWide : struct, IWide<T, TVector>
{
    /// <summary>Points of one output pixel.</summary>
    public int Points { get; } = g.OffsetGroups * g.Taps;

    /// <summary>Where every point of an output pixel falls, offset group by offset group.</summary>
    public void Locate(int image, int pixel, DeformConvTap<T>* taps)
    {
        var (oy, ox) = Math.DivRem(pixel, g.OutWidth);
        int top = oy * g.Stride.Y - g.Padding.Y, left = ox * g.Stride.X - g.Padding.X;
        var shift = offset + (nint)image * 2 * Points * g.OutPixels + pixel;
        var strength = mask == null ? null : mask + (nint)image * Points * g.OutPixels + pixel;
        for (var group = 0; group < g.OffsetGroups; group++)
            for (var i = 0; i < g.KernelHeight; i++)
                for (var j = 0; j < g.KernelWidth; j++)
                {
                    var y = T.CreateTruncating(top + i * g.Dilation.Y) + shift[0];
                    var x = T.CreateTruncating(left + j * g.Dilation.X) + shift[g.OutPixels];
                    *taps++ = new DeformConvTap<T>(y, x, strength == null ? T.One : *strength, g.Height, g.Width);
                    shift += 2 * (nint)g.OutPixels;
                    strength = strength == null ? null : strength + g.OutPixels;
                }
    }

    /// <summary>Fills the column of an output pixel.</summary>
    public void Sample(T* image, DeformConvTap<T>* taps, T* column)
    {
        for (var point = 0; point < Points; point++)
        {
            ref var tap = ref taps[point];
            T below = tap.Mask * tap.Down, above = tap.Mask - below;
            TVector bottomRight = TWide.All(below * tap.Right), bottomLeft = TWide.All(below - below * tap.Right);
            TVector topRight = TWide.All(above * tap.Right), topLeft = TWide.All(above - above * tap.Right);
            T* a = Pixel(image, tap.AboveLeft), b = Pixel(image, tap.AboveRight), c = Pixel(image, tap.BelowLeft),
                d = Pixel(image, tap.BelowRight);
            var first = point / g.Taps * layout.PiecesPerOffsetGroup;
            for (var piece = first; piece < first + layout.PiecesPerOffsetGroup; piece++)
            {
                var to = Place(column, piece, point);
                for (int k = 0, s = piece * layout.PiecePadded; k < layout.PiecePadded; k += TWide.Count, s += TWide.Count)
                {
                    var value = TWide.Multiply(TWide.Load(a + s), topLeft);
                    value = TWide.MultiplyAdd(TWide.Load(b + s), topRight, value);
                    value = TWide.MultiplyAdd(TWide.Load(c + s), bottomLeft, value);
                    value = TWide.MultiplyAdd(TWide.Load(d + s), bottomRight, value);
                    TWide.Store(value, to + k);
                }
            }
        }
    }

    /// <summary>Fills the column of an output pixel and, from the column's gradient, the gradients of its offsets and modulation.</summary>
    /// <param name="image">The image, pixel by pixel.</param>
    /// <param name="taps">Where the points fall.</param>
    /// <param name="gradient">Of the column.</param>
    /// <param name="column">The column; null where not wanted.</param>
    /// <param name="slopes">Three numbers a point: the gradient of dy, of dx, of the modulation.</param>
    public void SampleBack(T* image, DeformConvTap<T>* taps, T* gradient, T* column, T* slopes)
    {
        for (var point = 0; point < Points; point++)
        {
            ref var tap = ref taps[point];
            TVector right = TWide.All(tap.Right), left = TWide.All(T.One - tap.Right);
            TVector down = TWide.All(tap.Down), up = TWide.All(T.One - tap.Down), strength = TWide.All(tap.Mask);
            T* a = Pixel(image, tap.AboveLeft), b = Pixel(image, tap.AboveRight), c = Pixel(image, tap.BelowLeft),
                d = Pixel(image, tap.BelowRight);
            TVector dy = default, dx = default, dm = default;
            var first = point / g.Taps * layout.PiecesPerOffsetGroup;
            for (var piece = first; piece < first + layout.PiecesPerOffsetGroup; piece++)
            {
                var from = Place(gradient, piece, point);
                var to = column == null ? null : Place(column, piece, point);
                for (int k = 0, s = piece * layout.PiecePadded; k < layout.PiecePadded; k += TWide.Count, s += TWide.Count)
                {
                    TVector va = TWide.Load(a + s), vb = TWide.Load(b + s), vc = TWide.Load(c + s),
                        vd = TWide.Load(d + s);
                    var flow = TWide.Load(from + k);
                    TVector top = TWide.MultiplyAdd(vb, right, TWide.Multiply(va, left)),
                        bottom = TWide.MultiplyAdd(vd, right, TWide.Multiply(vc, left));
                    var value = TWide.MultiplyAdd(bottom, down, TWide.Multiply(top, up));
                    dm = TWide.MultiplyAdd(flow, value, dm);
                    dy = TWide.MultiplyAdd(flow, TWide.Subtract(bottom, top), dy);
                    var across = TWide.MultiplyAdd(TWide.Subtract(vd, vc), down, TWide.Multiply(TWide.Subtract(vb, va), up));
                    dx = TWide.MultiplyAdd(flow, across, dx);
                    if (to != null)
                        TWide.Store(TWide.Multiply(value, strength), to + k);
                }
            }
            slopes[0] = tap.Mask * TWide.Sum(dy);
            slopes[1] = tap.Mask * TWide.Sum(dx);
            slopes[2] = TWide.Sum(dm);
            slopes += 3;
        }
    }

    /// <summary>Adds an output pixel's part to the image's gradient, in the rows of one owner alone.</summary>
    /// <param name="image">The image's gradient, pixel by pixel.</param>
    /// <param name="taps">Where the points fall.</param>
    /// <param name="gradient">Of the column.</param>
    /// <param name="owners">The owner of each row, from the row <see cref="DeformConvTap{T}.Nowhere"/> on.</param>
    /// <param name="owner">Whose rows.</param>
    public void ScatterBack(T* image, DeformConvTap<T>* taps, T* gradient, ReadOnlySpan<short> owners, int owner)
    {
        for (var point = 0; point < Points; point++)
        {
            ref var tap = ref taps[point];
            var row = tap.Row - DeformConvTap<T>.Nowhere;
            var below = tap.Mask * tap.Down;
            if (owners[row] == owner)
                Add(image, gradient, point, tap.AboveLeft, tap.AboveRight, tap.Mask - below, tap.Right);
            if (owners[row + 1] == owner)
                Add(image, gradient, point, tap.BelowLeft, tap.BelowRight, below, tap.Right);
        }
    }

    void Add(T* image, T* gradient, int point, int left, int right, T strength, T toRight)
    {
        var first = point / g.Taps * layout.PiecesPerOffsetGroup;
        TVector onRight = TWide.All(strength * toRight), onLeft = TWide.All(strength - strength * toRight);
        // The zero behind the image stays one.
        T* leftPixel = left == g.InPixels ? null : Pixel(image, left), rightPixel = right == g.InPixels ? null : Pixel(image, right);
        for (var piece = first; piece < first + layout.PiecesPerOffsetGroup; piece++)
        {
            var from = Place(gradient, piece, point);
            for (int k = 0, s = piece * layout.PiecePadded; k < layout.PiecePadded; k += TWide.Count, s += TWide.Count)
            {
                var flow = TWide.Load(from + k);
                if (leftPixel != null)
                    TWide.Store(TWide.MultiplyAdd(flow, onLeft, TWide.Load(leftPixel + s)), leftPixel + s);
                if (rightPixel != null)
                    TWide.Store(TWide.MultiplyAdd(flow, onRight, TWide.Load(rightPixel + s)), rightPixel + s);
            }
        }
    }

    T* Pixel(T* image, int pixel) => image + (nint)pixel * layout.Channels;

    T* Place(T* column, int piece, int point) => column + layout.PieceColumn[piece] + point % g.Taps * layout.GroupChannels;
}

/// <summary>Where one point of the kernel falls for one output pixel: four corners and the place between them.</summary>
struct DeformConvTap<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>The row of a point with no part of it in the image.</summary>
    public const int Nowhere = -2;

    /// <summary>The row of the upper corners, from -1.</summary>
    public int Row;

    /// <summary>
    /// The pixels above left, above right, below left, below right; for one outside the image its pixel count, where a zero is stored.
    /// </summary>
    public int AboveLeft, AboveRight, BelowLeft, BelowRight;

    /// <summary>The distances below the upper and right of the left corners, 0 to 1, and the modulation of the sample.</summary>
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
