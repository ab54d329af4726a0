namespace Hwaso.Nn;

/// <summary>
/// How the 2×2 tiles of images fill vectors. Rows of tiles of all images follow each other; a strip is some of them. In a strip a row
/// begins a pitch after the one before it: where a vector begins, or one number after the row before it, whichever takes fewer vectors.
/// </summary>
readonly struct MinimalTiles
{
    readonly int height, lanes, inRow;
    readonly bool startsVectors;

    public MinimalTiles(in Planes planes, int lanes)
    {
        this.lanes = lanes;
        height = (planes.Height + 1) / 2;
        Columns = (planes.Width + 1) / 2;
        Rows = planes.Images * height;
        inRow = (Columns + lanes - 1) / lanes;
        startsVectors = Rows * inRow <= (Rows * (Columns + 1L) - 1 + lanes - 1) / lanes;
        Pitch = startsVectors ? (Columns / lanes + 1) * lanes : Columns + 1;
    }

    /// <summary>Tiles of a row.</summary>
    public int Columns { get; }

    /// <summary>Rows of tiles of all images.</summary>
    public int Rows { get; }

    /// <summary>Numbers from a row's beginning to the next one's.</summary>
    public int Pitch { get; }

    /// <summary>Vectors of a strip of so many rows.</summary>
    public int Vectors(int rows) => startsVectors ? rows * inRow : (rows * Pitch - 1 + lanes - 1) / lanes;

    /// <summary>Numbers of a strip's vectors up to its last tile.</summary>
    public int Terms(int rows) => startsVectors ? rows * inRow * lanes : rows * Pitch - 1;

    /// <summary>
    /// How many rows a strip has: with which all threads finish soonest, where strips that a second-level cache of 512 KB does not hold
    /// take a tenth longer. One strip of few tiles is cut by channels alone. Strips are longer where weights are so many that each strip
    /// reads them from memory.
    /// </summary>
    /// <param name="threads">Threads.</param>
    /// <param name="pairStep">Numbers of two vectors of transformed tiles.</param>
    /// <param name="isWide">Whether weights are many.</param>
    public int BestRows(int threads, nint pairStep, bool isWide)
    {
        const long Near = 1 << 16, Most = 1 << 18, MostWide = 1 << 22;
        const int MostWideVectors = 16;
        if (Pairs(Rows) * pairStep <= (isWide ? MostWide : 2 * Near) && (!isWide || Vectors(Rows) <= MostWideVectors))
            return Rows;
        var (best, least) = (1, long.MaxValue);
        var (most, vectors) = isWide ? (MostWide, MostWideVectors) : (Most, int.MaxValue);
        for (var count = 1; count <= Rows && (count == 1 || (Pairs(count) * pairStep <= most && Vectors(count) <= vectors)); count++)
        {
            var time = (long)Blocks(Blocks(Rows, count), threads) * Pairs(count) * (isWide || Pairs(count) * pairStep <= Near ? 10 : 11);
            if (time <= least)
                (best, least) = (count, time);
        }
        return best;
    }

    int Pairs(int rows) => (Vectors(rows) + 1) / 2;

    /// <summary>Where each vector of a strip begins.</summary>
    public int[] Places(int rows)
    {
        var places = new int[Vectors(rows)];
        for (var v = 0; v < places.Length; v++)
            places[v] = startsVectors ? v / inRow * Pitch + v % inRow * lanes : v * lanes;
        return places;
    }

    /// <summary>The image of a row of tiles, and the first of its rows of pixels.</summary>
    public (int Image, int Y) Of(int row) => (row / height, row % height * 2);

    /// <summary>Numbers of a strip, with what is written or read too far.</summary>
    public nint StripNumbers(int rows)
    {
        var numbers = (nint)rows * Pitch + 3 * lanes + 16;
        numbers = (numbers + 15) / 16 * 16;
        return Apart(numbers);
    }

    /// <summary>Blocks of a size that hold so many.</summary>
    public static int Blocks(int count, int size) => (count + size - 1) / size;

    /// <summary>At least so many numbers, not a whole power of two that lets lines share places in the first cache.</summary>
    public static nint Apart(nint numbers) => numbers % 256 == 0 ? numbers + 16 : numbers;
}
