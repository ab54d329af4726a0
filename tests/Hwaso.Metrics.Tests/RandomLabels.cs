namespace Hwaso.Metrics.Tests;

/// <summary>Random label buffers: areas of one value as real maps have, or noise.</summary>
static class RandomLabels
{
    public static byte[] Noise(Random random, int length, params byte[] values)
    {
        var labels = new byte[length];
        for (var i = 0; i < length; i++)
            labels[i] = values[random.Next(values.Length)];
        return labels;
    }

    public static byte[] Areas(Random random, int length, params byte[] values)
    {
        var labels = new byte[length];
        for (var i = 0; i < length;)
        {
            var run = Math.Min(length - i, random.Next(1, 200));
            labels.AsSpan(i, run).Fill(values[random.Next(values.Length)]);
            i += run;
        }
        return labels;
    }

    public static byte[] Values(int classes, params byte[] more) => [.. Enumerable.Range(0, classes).Select(v => (byte)v), .. more];
}
