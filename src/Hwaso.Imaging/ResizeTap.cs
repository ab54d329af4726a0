namespace Hwaso.Imaging;

/// <summary>The two source pixels that a scaled one lies between, along one axis, and their weights in 1/2048, as OpenCV's INTER_LINEAR has them.</summary>
readonly record struct ResizeTap(int First, int Second, short FirstWeight, short SecondWeight)
{
    public const int One = 2048;

    /// <summary>Source pixels a scaled pixel: the reciprocal of a quotient, as in OpenCV, since its last bit can decide about a pixel.</summary>
    public static double Step(int source, int scaled) => 1 / ((double)scaled / source);

    /// <summary>Up and down: beyond the border both rows are the outermost.</summary>
    public static ResizeTap Row(int at, double step, int length)
    {
        var (first, share) = Place(at, step);
        return new ResizeTap(Math.Clamp(first, 0, length - 1), Math.Clamp(first + 1, 0, length - 1), Weight(1 - share), Weight(share));
    }

    /// <summary>Left and right: beyond the border the second weighs nothing, so that whatever is read there does not matter.</summary>
    public static ResizeTap Column(int at, double step, int length)
    {
        var (first, share) = Place(at, step);
        if (first < 0 || first >= length - 1)
        {
            var outermost = first < 0 ? 0 : length - 1;
            return new ResizeTap(outermost, outermost, One, 0);
        }
        return new ResizeTap(first, first + 1, Weight(1 - share), Weight(share));
    }

    /// <summary>INTER_NEAREST: the pixel at the left of the scaled one, not the one at its centre.</summary>
    public static int Nearest(int at, double step, int length) => (int)Math.Min(at * step, length - 1);

    static (int First, float Share) Place(int at, double step)
    {
        var centre = (float)((at + 0.5) * step - 0.5);
        var first = (int)MathF.Floor(centre);
        return (first, centre - first);
    }

    static short Weight(float share) => (short)MathF.Round(share * One);
}
