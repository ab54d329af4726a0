namespace Hwaso.Runtime.Kernels;

/// <summary>Writes the outputs of a vector of tiles of a 3×3 convolution.</summary>
/// <param name="shape">The convolution.</param>
/// <param name="plan">How it is cut.</param>
/// <param name="function">The function applied last.</param>
sealed unsafe class WinogradOutput<TLanes, TVector>(ConvShape shape, WinogradPlan plan, Unary function)
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = WinogradPlan.Tile;

    /// <summary>Whether the function is a bound at most, and the columns of a tile are neighbours.</summary>
    public bool IsPlain => function.Kind is UnaryKind.Identity or UnaryKind.Relu && shape.DilationX == 1;

    /// <summary>Finds where the four vectors of each row of outputs lie; returns whether all of them lie inside the image.</summary>
    /// <param name="firstGroup">The first group of tiles.</param>
    /// <param name="endGroup">The group behind the last one; the vector may have fewer.</param>
    /// <param name="places">Receives the offset of each vector of the first row.</param>
    /// <param name="counts">Receives, [rows][vectors], how many of a vector's numbers lie inside.</param>
    public bool Place(int firstGroup, int endGroup, nint* places, int* counts)
    {
        var inGroup = plan.GroupColumns / TLanes.Count;                                 // vectors of a group's row
        var whole = true;
        for (var k = 0; k < Tile; k++)
        {
            var group = firstGroup + (k / inGroup);
            var (row, column) = plan.Corner(shape, group);
            column += k % inGroup * TLanes.Count * shape.DilationX;
            places[k] = ((nint)row * shape.OutWidth) + column;
            var left = (shape.OutWidth - column + shape.DilationX - 1) / shape.DilationX;
            var count = group < endGroup ? Math.Clamp(left, 0, TLanes.Count) : 0;
            for (var y = 0; y < Tile; y++)
            {
                counts[(y * Tile) + k] = row + (y * shape.DilationY) < shape.OutHeight ? count : 0;
                whole &= counts[(y * Tile) + k] == TLanes.Count;
            }
        }
        return whole;
    }

    /// <summary>Writes f(output + shift + addend) where it lies inside.</summary>
    /// <param name="rows">[rows][vectors]; overwritten.</param>
    /// <param name="shift">The channel's bias.</param>
    /// <param name="places">From <see cref="Place"/>.</param>
    /// <param name="counts">From <see cref="Place"/>.</param>
    /// <param name="added">The channel's addend, or null.</param>
    /// <param name="to">The channel's output.</param>
    public void Write(float* rows, float shift, nint* places, int* counts, float* added, float* to)
    {
        nint pitch = shape.OutWidth * (nint)shape.DilationY;
        for (var k = 0; k < Tile * Tile; k++)
        {
            var from = rows + (k * TLanes.Count);
            var at = places[k % Tile] + (k / Tile * pitch);
            var value = TLanes.Add(TLanes.Load(from), TLanes.All(shift));
            if (added != null && shape.DilationX == 1)
                value = TLanes.Add(value, TLanes.LoadFirst(added + at, counts[k]));
            TLanes.Store(value, from);
            for (var x = 0; added != null && shape.DilationX > 1 && x < counts[k]; x++)
                from[x] += added[at + ((nint)x * shape.DilationX)];
        }
        if (function.Kind != UnaryKind.Identity)
            UnaryRow<TLanes, TVector>.Apply(function, rows, rows, Tile * Tile * TLanes.Count);
        for (var k = 0; k < Tile * Tile; k++)
        {
            var from = rows + (k * TLanes.Count);
            var at = places[k % Tile] + (k / Tile * pitch);
            if (shape.DilationX == 1)
                TLanes.StoreFirst(TLanes.Load(from), to + at, counts[k]);
            else
                for (var x = 0; x < counts[k]; x++)
                    to[at + ((nint)x * shape.DilationX)] = from[x];
        }
    }
}
