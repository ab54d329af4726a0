using System.Runtime.CompilerServices;

namespace Hwaso.Scenes;

/// <summary>Hashes and value noise on an integer lattice, all results in [0, 1).</summary>
static class Noise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(int x, int y, uint seed)
    {
        var h = unchecked((uint)x * 0x8DA6B343u + (uint)y * 0xD8163841u + seed * 0xCB1AB31Fu);
        h = unchecked((h ^ (h >> 16)) * 0x7FEB352Du);
        h = unchecked((h ^ (h >> 15)) * 0x846CA68Bu);
        return h ^ (h >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float At(int x, int y, uint seed) => (Hash(x, y, seed) >> 8) * (1f / (1 << 24));

    public static float Value(float x, float y, uint seed)
    {
        var fx = MathF.Floor(x);
        var fy = MathF.Floor(y);
        int ix = (int)fx, iy = (int)fy;
        float tx = x - fx, ty = y - fy;
        tx = tx * tx * (3 - 2 * tx);
        ty = ty * ty * (3 - 2 * ty);
        float a = At(ix, iy, seed), b = At(ix + 1, iy, seed), c = At(ix, iy + 1, seed), d = At(ix + 1, iy + 1, seed);
        var top = a + (b - a) * tx;
        return top + (c + (d - c) * tx - top) * ty;
    }

    public static float Value(float x, float y, float z, uint seed)
    {
        var fz = MathF.Floor(z);
        var tz = z - fz;
        tz = tz * tz * (3 - 2 * tz);
        var layer = unchecked((uint)(int)fz);
        var near = Value(x, y, unchecked(seed + layer * 0x9E3779B9u));
        var far = Value(x, y, unchecked(seed + (layer + 1) * 0x9E3779B9u));
        return near + (far - near) * tz;
    }

    /// <summary>Octaves of value noise, each twice as fine and half as strong.</summary>
    public static float Fractal(float x, float y, uint seed, int octaves)
    {
        float sum = 0, weight = 0, gain = 1;
        for (var i = 0; i < octaves; i++)
        {
            sum += gain * Value(x, y, unchecked(seed + (uint)i * 101));
            weight += gain;
            gain *= 0.5f;
            x = x * 2.03f + 17.1f;
            y = y * 2.03f + 5.7f;
        }
        return sum / weight;
    }
}
