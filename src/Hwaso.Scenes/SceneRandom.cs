using Hwaso.Data;

namespace Hwaso.Scenes;

/// <summary>The random numbers of a scene, by <see cref="SplitMix64"/>.</summary>
sealed class SceneRandom(ulong seed)
{
    ulong state = seed;

    public ulong Next() => SplitMix64.Mix(state += SplitMix64.Step);

    /// <summary>Uniform in [0, 1).</summary>
    public float Float() => (Next() >> 40) * (1f / (1 << 24));

    public float Range(float low, float high) => low + (high - low) * Float();

    public int Int(int count) => (int)(Next() % (ulong)count);

    public bool Chance(float probability) => Float() < probability;

    public uint Seed() => (uint)(Next() >> 32);

    public T Pick<T>(ReadOnlySpan<T> choices) => choices[Int(choices.Length)];

    /// <summary>A colour whose brightness and tint wander a little from the given one.</summary>
    public Vec3 Vary(Vec3 c, float amount)
    {
        var gain = 1 + Range(-amount, amount);
        var tint = amount * 0.4f;
        return new(c.X * gain * (1 + Range(-tint, tint)), c.Y * gain * (1 + Range(-tint, tint)), c.Z * gain * (1 + Range(-tint, tint)));
    }

    /// <summary>An independent stream, so that one part of a scene does not shift the numbers of the next.</summary>
    public SceneRandom Fork() => new(Next());
}
