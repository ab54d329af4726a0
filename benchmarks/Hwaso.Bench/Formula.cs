namespace Hwaso.Bench;

/// <summary>The uniform numbers of tests/fixtures/formula/rule.json.</summary>
static class Formula
{
    public static IEnumerable<double> Uniform(string key, int count, int start = 0) =>
        Enumerable.Range(start, count).Select(j => One(key, j));

    /// <summary>One of 0 … count − 1 for a sample.</summary>
    public static int Choice(string key, int index, int count) => (int)(One(key, index) * count);

    static double One(string key, int index)
    {
        var h = unchecked((uint)index * 0x9E3779B1u + Crc(key));
        h ^= h >> 16;
        h = unchecked(h * 0x85EBCA6Bu);
        h ^= h >> 13;
        h = unchecked(h * 0xC2B2AE35u);
        h ^= h >> 16;
        return h / 4294967296.0;
    }

    static uint Crc(string key)
    {
        var crc = ~0u;
        foreach (var letter in System.Text.Encoding.UTF8.GetBytes(key))
        {
            crc ^= letter;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
