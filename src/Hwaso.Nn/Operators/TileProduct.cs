using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Nn;

/// <summary>Small matrix products on registers: rows in eights, columns in whole vectors.</summary>
static unsafe class TileProduct<T> where T : unmanaged
{
    /// <summary>Rows of one step; counts of rows are multiples of it.</summary>
    public const int Rows = 8;

    /// <summary>Columns of one packed panel.</summary>
    public static int Panel => 2 * Vector512<T>.Count;

    /// <summary>c[r, n] = Σ over d of a[r, d] · b[d, n], or added to it.</summary>
    /// <param name="a">Element (r, d) is at r · <paramref name="aRow"/> + d · <paramref name="aDepth"/>.</param>
    /// <param name="aRow">See above.</param>
    /// <param name="aDepth">See above.</param>
    /// <param name="b">Panel by panel, each depth × its columns, where <paramref name="bDepth"/> is 0; else one matrix of that row length.</param>
    /// <param name="bDepth">See above.</param>
    /// <param name="c">The result, <paramref name="cRow"/> from row to row.</param>
    /// <param name="cRow">See above.</param>
    /// <param name="rows">A multiple of <see cref="Rows"/>.</param>
    /// <param name="columns">A multiple of a vector's length.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="add">Whether c is added to.</param>
    public static void Run(T* a, nint aRow, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int rows, int columns, int depth, bool add)
    {
        for (var n = 0; n < columns; n += Panel)
        {
            var width = Math.Min(Panel, columns - n);
            var panel = bDepth == 0 ? b + (nint)n * depth : b + n;
            var step = bDepth == 0 ? width : bDepth;
            for (var r = 0; r < rows; r += Rows)
                if (width == Panel)
                    Two(a + r * aRow, aRow, aDepth, panel, step, c + r * cRow + n, cRow, depth, add);
                else
                    One(a + r * aRow, aRow, aDepth, panel, step, c + r * cRow + n, cRow, depth, add);
        }
    }

    /// <summary>a · b + c, rounded once where the processor can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c) =>
        typeof(T) == typeof(float) ? Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : typeof(T) == typeof(double) ? Vector512.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>()
        : throw new NotSupportedException($"{typeof(T)}");

    static void Two(T* a, nint row, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int depth, bool add)
    {
        Vector512<T> l0 = default, l1 = default, l2 = default, l3 = default, l4 = default, l5 = default, l6 = default, l7 = default;
        Vector512<T> r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        nint row2 = 2 * row, row3 = 3 * row, row4 = 4 * row, row5 = 5 * row, row6 = 6 * row, row7 = 7 * row;
        for (var d = 0; d < depth; d++)
        {
            Vector512<T> left = Vector512.Load(b), right = Vector512.Load(b + Vector512<T>.Count);
            var v = Vector512.Create(a[0]);
            (l0, r0) = (MultiplyAdd(v, left, l0), MultiplyAdd(v, right, r0));
            v = Vector512.Create(a[row]);
            (l1, r1) = (MultiplyAdd(v, left, l1), MultiplyAdd(v, right, r1));
            v = Vector512.Create(a[row2]);
            (l2, r2) = (MultiplyAdd(v, left, l2), MultiplyAdd(v, right, r2));
            v = Vector512.Create(a[row3]);
            (l3, r3) = (MultiplyAdd(v, left, l3), MultiplyAdd(v, right, r3));
            v = Vector512.Create(a[row4]);
            (l4, r4) = (MultiplyAdd(v, left, l4), MultiplyAdd(v, right, r4));
            v = Vector512.Create(a[row5]);
            (l5, r5) = (MultiplyAdd(v, left, l5), MultiplyAdd(v, right, r5));
            v = Vector512.Create(a[row6]);
            (l6, r6) = (MultiplyAdd(v, left, l6), MultiplyAdd(v, right, r6));
            v = Vector512.Create(a[row7]);
            (l7, r7) = (MultiplyAdd(v, left, l7), MultiplyAdd(v, right, r7));
            a += aDepth;
            b += bDepth;
        }
        Put(l0, r0, c, add);
        Put(l1, r1, c + cRow, add);
        Put(l2, r2, c + 2 * cRow, add);
        Put(l3, r3, c + 3 * cRow, add);
        Put(l4, r4, c + 4 * cRow, add);
        Put(l5, r5, c + 5 * cRow, add);
        Put(l6, r6, c + 6 * cRow, add);
        Put(l7, r7, c + 7 * cRow, add);
    }

    static void One(T* a, nint row, nint aDepth, T* b, nint bDepth, T* c, nint cRow, int depth, bool add)
    {
        Vector512<T> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        nint row2 = 2 * row, row3 = 3 * row, row4 = 4 * row, row5 = 5 * row, row6 = 6 * row, row7 = 7 * row;
        for (var d = 0; d < depth; d++)
        {
            var v = Vector512.Load(b);
            s0 = MultiplyAdd(Vector512.Create(a[0]), v, s0);
            s1 = MultiplyAdd(Vector512.Create(a[row]), v, s1);
            s2 = MultiplyAdd(Vector512.Create(a[row2]), v, s2);
            s3 = MultiplyAdd(Vector512.Create(a[row3]), v, s3);
            s4 = MultiplyAdd(Vector512.Create(a[row4]), v, s4);
            s5 = MultiplyAdd(Vector512.Create(a[row5]), v, s5);
            s6 = MultiplyAdd(Vector512.Create(a[row6]), v, s6);
            s7 = MultiplyAdd(Vector512.Create(a[row7]), v, s7);
            a += aDepth;
            b += bDepth;
        }
        Put(s0, c, add);
        Put(s1, c + cRow, add);
        Put(s2, c + 2 * cRow, add);
        Put(s3, c + 3 * cRow, add);
        Put(s4, c + 4 * cRow, add);
        Put(s5, c + 5 * cRow, add);
        Put(s6, c + 6 * cRow, add);
        Put(s7, c + 7 * cRow, add);
    }

    static void Put(Vector512<T> left, Vector512<T> right, T* c, bool add)
    {
        Put(left, c, add);
        Put(right, c + Vector512<T>.Count, add);
    }

    static void Put(Vector512<T> sum, T* c, bool add) => Vector512.Store(add ? Vector512.Load(c) + sum : sum, c);
}
