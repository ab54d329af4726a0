namespace Hwaso.Data.Loading;

/// <summary>
/// Random numbers that depend only on seed, epoch and image, never on threads or order: <see cref="SplitMix64"/> from a mixed key.
/// </summary>
public struct KeyedRandom
{
    ulong state;

    /// <summary>The numbers for one image in one epoch; a negative image stands for the epoch itself.</summary>
    public KeyedRandom(int seed, int epoch, int image)
    {
        state = (ulong)(uint)seed;
        state = Next() ^ (uint)epoch;
        state = Next() ^ (uint)image;
    }

    /// <summary>64 random bits.</summary>
    public ulong Next() => SplitMix64.Mix(state += SplitMix64.Step);

    /// <summary>From 0 up to 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number from 0 to <paramref name="last"/>, both included.</summary>
    public int UpTo(int last) => (int)Math.Min((long)(Unit() * (last + 1.0)), last);

    /// <summary>Between two bounds.</summary>
    public double Between(double from, double to) => from + (to - from) * Unit();

    /// <summary>The numbers from 0 to n − 1 in random order (Fisher and Yates).</summary>
    public int[] Order(int n)
    {
        var order = Enumerable.Range(0, n).ToArray();
        for (var k = n - 1; k > 0; k--)
        {
            var j = UpTo(k);
            (order[k], order[j]) = (order[j], order[k]);
        }
        return order;
    }
}
