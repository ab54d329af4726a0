using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Rows of an image, five at a time, readable up to a multiple of four vectors; rows outside of it are zeros.</summary>
readonly unsafe struct ConvRows<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly float* end, zeros, copies;
    readonly int width, height, whole;

    /// <param name="planes">The images.</param>
    /// <param name="end">Where the images end in memory.</param>
    /// <param name="work">Room for <see cref="Numbers"/>.</param>
    public ConvRows(in Planes planes, float* end, float* work)
    {
        (width, height) = (planes.Width, planes.Height);
        this.end = end;
        zeros = work;
        whole = Whole(planes);
        copies = work + whole;
        new Span<float>(work, 6 * whole).Clear();
    }

    static int Whole(in Planes planes) => MinimalTiles.Blocks(planes.Width, 4 * TLanes.Count) * 4 * TLanes.Count;

    public static nint Numbers(in Planes planes) => 6 * Whole(planes);

    public float* Row(float* plane, int y, int place)
    {
        if (y < 0 || y >= height)
            return zeros;
        var row = plane + (nint)y * width;
        if (row + whole <= end)
            return row;
        var copy = copies + place * whole;
        new ReadOnlySpan<float>(row, width).CopyTo(new Span<float>(copy, width));
        return copy;
    }
}
