namespace Hwaso.Nn;

/// <summary>Small matrix products on registers: rows in fours, columns in whole vectors.</summary>
static unsafe class TileProduct<T, TVector, TWide>
    where T : unmanaged
    where TVector : unmanaged
    where TWide : struct, IWide<T, TVector>
{
    /// <summary>Rows of one step; counts of rows are multiples of it.</summary>
    public const int Rows = 4;

    // Depth of the part of a panel that stays in the first cache while the rows go over it.
    const int Block = 192;

    /// <summary>Columns of one packed panel.</summary>
    public static int Panel => 3 * TWide.Count;

    /// <summary>So many rows, and what is missing to a whole number of steps.</summary>
    public static int Whole(int rows) => (rows + Rows - 1) / Rows * Rows;

    /// <summary>c[r, n] = Σ over d of a[r, d] · b[d, n], or added to it.</summary>
    /// <param name="a">Element (r, d) is at r · <paramref name="aRow"/> + d · <paramref name="aDepth"/>.</param>
    /// <param name="aRow">See above.</param>
    /// <param name="aDepth">See above.</param>
    /// <param name="b">Panel by panel, each depth × its columns, where <paramref name="bDepth"/> is 0; else one matrix of that row
    /// length.</param>
    /// <param name="bDepth">See above.</param>
    /// <param name="c">The result, <paramref name="cRow"/> from row to row.</param>
    /// <param name="cRow">See above.</param>
    /// <param name="rows">A multiple of <see cref="Rows"/>.</param>
    /// <param name="columns">A multiple of a vector's length.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="add">Whether c is added to.</param>
    public static void Run(T* a, nint aRow, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int rows, int columns, int depth, bool add)
    {
        // Depth outermost: a block of the left side stays in the second cache for all panels, one of a panel in the first for all rows.
        for (var d = 0; d < depth; d += Block)
        {
            var (terms, adds) = (Math.Min(Block, depth - d), add || d > 0);
            for (var n = 0; n < columns; n += Panel)
            {
                var width = Math.Min(Panel, columns - n);
                var step = bDepth == 0 ? width : bDepth;
                var right = (bDepth == 0 ? b + (nint)n * depth : b + n) + d * step;
                for (var r = 0; r < rows; r += Rows)
                {
                    T* left = a + r * aRow + d * aDepth, to = c + r * cRow + n;
                    if (width == Panel)
                        Three(left, aRow, aDepth, right, step, to, cRow, terms, adds);
                    else if (width == 2 * TWide.Count)
                        Two(left, aRow, aDepth, right, step, to, cRow, terms, adds);
                    else
                        One(left, aRow, aDepth, right, step, to, cRow, terms, adds);
                }
            }
        }
    }

    static void Three(T* a, nint row, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int depth, bool add)
    {
        TVector p0 = default, p1 = default, p2 = default, p3 = default;
        TVector q0 = default, q1 = default, q2 = default, q3 = default;
        TVector r0 = default, r1 = default, r2 = default, r3 = default;
        nint row2 = 2 * row, row3 = 3 * row;
        for (var d = 0; d < depth; d++)
        {
            TVector left = TWide.Load(b), middle = TWide.Load(b + TWide.Count),
                right = TWide.Load(b + 2 * TWide.Count);
            var v = TWide.All(a[0]);
            p0 = TWide.MultiplyAdd(v, left, p0);
            q0 = TWide.MultiplyAdd(v, middle, q0);
            r0 = TWide.MultiplyAdd(v, right, r0);
            v = TWide.All(a[row]);
            p1 = TWide.MultiplyAdd(v, left, p1);
            q1 = TWide.MultiplyAdd(v, middle, q1);
            r1 = TWide.MultiplyAdd(v, right, r1);
            v = TWide.All(a[row2]);
            p2 = TWide.MultiplyAdd(v, left, p2);
            q2 = TWide.MultiplyAdd(v, middle, q2);
            r2 = TWide.MultiplyAdd(v, right, r2);
            v = TWide.All(a[row3]);
            p3 = TWide.MultiplyAdd(v, left, p3);
            q3 = TWide.MultiplyAdd(v, middle, q3);
            r3 = TWide.MultiplyAdd(v, right, r3);
            a += aDepth;
            b += bDepth;
        }
        Put(p0, c, add);
        Put(q0, c + TWide.Count, add);
        Put(r0, c + 2 * TWide.Count, add);
        Put(p1, c + cRow, add);
        Put(q1, c + cRow + TWide.Count, add);
        Put(r1, c + cRow + 2 * TWide.Count, add);
        Put(p2, c + 2 * cRow, add);
        Put(q2, c + 2 * cRow + TWide.Count, add);
        Put(r2, c + 2 * cRow + 2 * TWide.Count, add);
        Put(p3, c + 3 * cRow, add);
        Put(q3, c + 3 * cRow + TWide.Count, add);
        Put(r3, c + 3 * cRow + 2 * TWide.Count, add);
    }

    static void Two(T* a, nint row, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int depth, bool add)
    {
        TVector p0 = default, p1 = default, p2 = default, p3 = default;
        TVector q0 = default, q1 = default, q2 = default, q3 = default;
        nint row2 = 2 * row, row3 = 3 * row;
        for (var d = 0; d < depth; d++)
        {
            TVector left = TWide.Load(b), middle = TWide.Load(b + TWide.Count);
            var v = TWide.All(a[0]);
            p0 = TWide.MultiplyAdd(v, left, p0);
            q0 = TWide.MultiplyAdd(v, middle, q0);
            v = TWide.All(a[row]);
            p1 = TWide.MultiplyAdd(v, left, p1);
            q1 = TWide.MultiplyAdd(v, middle, q1);
            v = TWide.All(a[row2]);
            p2 = TWide.MultiplyAdd(v, left, p2);
            q2 = TWide.MultiplyAdd(v, middle, q2);
            v = TWide.All(a[row3]);
            p3 = TWide.MultiplyAdd(v, left, p3);
            q3 = TWide.MultiplyAdd(v, middle, q3);
            a += aDepth;
            b += bDepth;
        }
        Put(p0, c, add);
        Put(q0, c + TWide.Count, add);
        Put(p1, c + cRow, add);
        Put(q1, c + cRow + TWide.Count, add);
        Put(p2, c + 2 * cRow, add);
        Put(q2, c + 2 * cRow + TWide.Count, add);
        Put(p3, c + 3 * cRow, add);
        Put(q3, c + 3 * cRow + TWide.Count, add);
    }

    static void One(T* a, nint row, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int depth, bool add)
    {
        TVector p0 = default, p1 = default, p2 = default, p3 = default;
        nint row2 = 2 * row, row3 = 3 * row;
        for (var d = 0; d < depth; d++)
        {
            TVector left = TWide.Load(b);
            var v = TWide.All(a[0]);
            p0 = TWide.MultiplyAdd(v, left, p0);
            v = TWide.All(a[row]);
            p1 = TWide.MultiplyAdd(v, left, p1);
            v = TWide.All(a[row2]);
            p2 = TWide.MultiplyAdd(v, left, p2);
            v = TWide.All(a[row3]);
            p3 = TWide.MultiplyAdd(v, left, p3);
            a += aDepth;
            b += bDepth;
        }
        Put(p0, c, add);
        Put(p1, c + cRow, add);
        Put(p2, c + 2 * cRow, add);
        Put(p3, c + 3 * cRow, add);
    }

    static void Put(TVector sum, T* c, bool add) => TWide.Store(add ? TWide.Add(TWide.Load(c), sum) : sum, c);
}
